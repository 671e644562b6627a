import { EaselError } from '@easel/plugin-sdk';
import { type DiffusionModel, readsMask } from './diffusion-model.js';
import type { PictureRequest } from './picture-request.js';

/** Throws ERR_REQUEST_INVALID for what a model cannot make of a request, whatever the sampler. */
export function refuseWhatModelCannotDo(
  model: DiffusionModel,
  { width, height, source, denoisingStart }: PictureRequest,
): void {
  const { patchEdge } = model;
  if (width % patchEdge !== 0 || height % patchEdge !== 0) {
    refuse('width', `${width} x ${height} pixels: the model makes multiples of ${patchEdge}.`);
  }
  if (denoisingStart !== undefined && !source) refuse('denoisingStart', 'it needs something to go on from.');
  if (readsMask(model) && source?.kind !== 'picture') {
    refuse(
      'inputImages',
      'this model is for inpainting only: it needs an input image.',
      'Give it an input image and a mask, or use a text-to-image model.',
    );
  }
  const isPicture = source?.kind === 'picture';
  if (model.followsImage && (!isPicture || source.mask)) {
    refuse(
      isPicture ? 'mask' : 'inputImages',
      `this model follows an image, of edges or depths for instance: it needs one${isPicture ? ', and no mask' : ''}.`,
    );
  }
  if (isPicture && !model.editing && (source.originals?.length ?? 1) > 1)
    refuse('inputImages', `this model starts from one image, not from ${source.originals?.length}.`);
  if (model.refinesOnly && !source) {
    refuse(
      'inputImages',
      'this model only refines images: it needs one.',
      'Give it the image of another model as input image.',
    );
  }
}

function refuse(field: string, what: string, hint?: string): never {
  throw new EaselError({ code: 'ERR_REQUEST_INVALID', field, message: `${field}: ${what}`, hint });
}
