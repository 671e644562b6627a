import { EaselError } from '@easel/plugin-sdk';
import type { Feed } from '../session/network.js';
import type { DiffusionModel, ImageSize, ModelConditioning } from './diffusion-model.js';
import { type RgbPicture, resizeLanczos } from './lanczos.js';
import type { PictureRequest } from './picture-request.js';
import { toPlanes } from './pixels.js';

/**
 * The input images of a request as they came, for a model that edits them; undefined where it does not, or
 * there are none.
 */
export const editedImages = (
  { editing }: Pick<DiffusionModel, 'editing'>,
  { source }: Pick<PictureRequest, 'source'>,
): readonly RgbPicture[] | undefined =>
  editing && source?.kind === 'picture' && source.originals?.length ? source.originals : undefined;

/** A conditioning with the input images of a model that edits them. Other models' stays as it is. */
export async function withInputImages(
  model: DiffusionModel,
  request: PictureRequest,
  { conditional, unconditional, ...rest }: ModelConditioning,
): Promise<ModelConditioning> {
  const { prompts, familyOptions } = request;
  const { editing } = model;
  const originals = editedImages(model, request);
  if (!editing || !originals) return { conditional, unconditional, ...rest };
  const latents: Feed[] = [];
  const whole = wholeImage(model, request);
  if (whole) latents.push(await encode(model, whole, request));
  for (const original of whole ? originals.slice(1) : originals) {
    const { width, height } = editing.sizeOf(original, familyOptions);
    const cut = cutTo(resizeLanczos(original, width, height), editing.cutsTo ?? 1);
    latents.push(await encode(model, toPlanes(cut.rgb), cut));
  }
  const inputs = editing.inputs(latents, prompts.length);
  return {
    conditional: { ...conditional, ...inputs },
    unconditional: unconditional && { ...unconditional, ...inputs },
    ...rest,
  };
}

/**
 * The first image at the size of the request, where a mask keeps something of it and the model reads all of
 * it.
 */
const wholeImage = ({ editing }: DiffusionModel, { source }: PictureRequest): Float32Array | undefined =>
  editing?.keepsByShares && source?.kind === 'picture' && source.mask ? source.planes : undefined;

/** The middle of an image, whose edges are multiples of so many pixels. */
function cutTo({ rgb, width, height }: RgbPicture, multiple: number): RgbPicture {
  const [columns, rows] = [width - (width % multiple), height - (height % multiple)];
  if (columns === 0 || rows === 0) {
    throw new EaselError({
      code: 'ERR_REQUEST_INVALID',
      field: 'inputImages',
      message: `inputImages: an image of ${width} x ${height} pixels is smaller than the ${multiple} x ${multiple} that the model reads as one.`,
    });
  }
  const [left, top] = [Math.floor((width - columns) / 2), Math.floor((height - rows) / 2)];
  const cut = new Uint8Array(3 * columns * rows);
  for (let row = 0; row < rows; row++) {
    const from = 3 * ((top + row) * width + left);
    cut.set(rgb.subarray(from, from + 3 * columns), 3 * row * columns);
  }
  return { rgb: cut, width: columns, height: rows };
}

/** The latents that are most likely, so that nothing is drawn. */
async function encode(
  model: DiffusionModel,
  planes: Float32Array,
  { width, height }: ImageSize,
): Promise<Feed> {
  const posterior = await model.encode(planes, [1, 3, height, width]);
  return {
    data: posterior.draw(new Float32Array(posterior.count)),
    shape: [1, model.latentChannels, height / model.factor, width / model.factor],
  };
}
