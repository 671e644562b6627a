import type { Feed } from '../session/network.js';
import type { DiffusionModel, ModelConditioning } from './diffusion-model.js';
import { type RgbPicture, resizeLanczos } from './lanczos.js';
import type { PictureRequest } from './picture-request.js';
import { toPlanes } from './pixels.js';

/** A conditioning with the input images of a model that edits them. Other models' stays as it is. */
export async function withInputImages(
  model: DiffusionModel,
  { source, prompts, familyOptions }: PictureRequest,
  { conditional, unconditional, ...rest }: ModelConditioning,
): Promise<ModelConditioning> {
  const { editing } = model;
  const originals = source?.kind === 'picture' ? (source.originals ?? []) : [];
  if (!editing || originals.length === 0) return { conditional, unconditional, ...rest };
  const latents: Feed[] = [];
  for (const original of originals) {
    latents.push(await encodeAt(model, original, editing.sizeOf(original, familyOptions)));
  }
  const inputs = editing.inputs(latents, prompts.length);
  return {
    conditional: { ...conditional, ...inputs },
    unconditional: unconditional && { ...unconditional, ...inputs },
    ...rest,
  };
}

/** The latents that are most likely, so that nothing is drawn. */
async function encodeAt(
  model: DiffusionModel,
  original: RgbPicture,
  { width, height }: { readonly width: number; readonly height: number },
): Promise<Feed> {
  const planes = toPlanes(resizeLanczos(original, width, height).rgb);
  const posterior = await model.encode(planes, [1, 3, height, width]);
  return {
    data: posterior.draw(new Float32Array(posterior.count)),
    shape: [1, model.latentChannels, height / model.factor, width / model.factor],
  };
}
