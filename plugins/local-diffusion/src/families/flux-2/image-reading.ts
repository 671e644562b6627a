import type { ImageEditing } from '../../pipelines/diffusion-model.js';
import { repeatRows } from '../../pipelines/draws.js';
import type { Feed } from '../../session/network.js';
import { tokenPlaces, toTokens } from './tokens.js';

/** Pixels of an input image at most. */
const mostPixels = 1024 ** 2;
/** How far apart the numbers of images are; the one that is made has 0. */
const imageStride = 10;

/**
 * How FLUX.2 reads images: their tokens behind those that it makes, each image with a number of its own.
 * diffusers: `Flux2KleinPipeline`, `Flux2KleinInpaintPipeline`.
 *
 * @param patchEdge pixels along the edge of a token
 */
export const imageReading = (patchEdge: number): ImageEditing => ({
  sizeOf({ width, height }) {
    const scale = Math.min(1, Math.sqrt(mostPixels / (width * height)));
    return { width: Math.trunc(width * scale), height: Math.trunc(height * scale) };
  },
  cutsTo: patchEdge,
  keepsByShares: true,
  inputs(latents, images) {
    const tokens = latents.map(toTokens);
    const count = tokens.reduce((sum, { shape }) => sum + shape[1]!, 0);
    const width = tokens[0]!.shape[2]!;
    const joined = joinArrays(tokens);
    const places = joinArrays(
      latents.map(({ shape }, index) => tokenPlaces(shape[2]!, shape[3]!, imageStride * (index + 1))),
    );
    return {
      edited_tokens: { data: repeatRows(joined, images), shape: [images, count, width] },
      edited_positions: { data: repeatRows(places, images), shape: [images, count, 4] },
    };
  },
});

function joinArrays(feeds: readonly Feed[]): Float32Array {
  const joined = new Float32Array(feeds.reduce((sum, { data }) => sum + data.length, 0));
  let start = 0;
  for (const { data } of feeds) {
    joined.set(data as Float32Array, start);
    start += data.length;
  }
  return joined;
}
