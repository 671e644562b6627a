import { EaselError } from '@easel/plugin-sdk';
import { type DiffusionModel, readsMask } from './diffusion-model.js';
import type { PictureRequest } from './picture-request.js';

/** Throws ERR_REQUEST_INVALID for what a model cannot make of a request, whatever the sampler. */
export function refuseWhatModelCannotDo(
  model: DiffusionModel,
  { width, height, source, denoisingStart }: PictureRequest,
): void {
  const { factor } = model;
  if (width % factor !== 0 || height % factor !== 0) {
    refuse(
      `${width} x ${height} pixels are no whole number of latents: the model makes multiples of ${factor}.`,
    );
  }
  if (denoisingStart !== undefined && !source) refuse('denoisingStart needs something to go on from.');
  if (readsMask(model) && source?.kind !== 'picture') {
    refuse(
      'This model is for inpainting only: it needs an input image.',
      'Give it an input image and a mask, or use a text-to-image model.',
    );
  }
  if (model.refinesOnly && !source) {
    refuse(
      'This model only refines pictures: it needs an input image.',
      'Give it the picture of another model as input image.',
    );
  }
}

function refuse(message: string, hint?: string): never {
  throw new EaselError({ code: 'ERR_REQUEST_INVALID', message, hint });
}
