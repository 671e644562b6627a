import type { ImageEditing, ImageSize, MaskReading } from '../../pipelines/diffusion-model.js';
import { repeatRows } from '../../pipelines/draws.js';
import type { Feed } from '../../session/network.js';
import { latentsPerEdge, packLatents } from '../components/packed-latents.js';
import { readOptions } from './options.js';

/**
 * How FLUX.1 Fill reads a mask: the masked image's latents, and of each latent cell the pixels of the mask,
 * row by row.
 *
 * @param factor pixels to a latent, along an edge
 */
export const fillReading = (factor: number): MaskReading => ({
  drawsImage: true,
  channels(mask, masked, [, height = 0, width = 0]) {
    const cells = height * width;
    const channels = new Float32Array(masked.length + factor ** 2 * cells);
    channels.set(masked);
    for (let pixel = 0; pixel < mask.length; pixel++) {
      const [row, column] = [Math.floor(pixel / (width * factor)), pixel % (width * factor)];
      const channel = (row % factor) * factor + (column % factor);
      const cell = Math.floor(row / factor) * width + Math.floor(column / factor);
      channels[masked.length + channel * cells + cell] = mask[pixel]!;
    }
    return channels;
  },
});

/** Kontext has the shapes of dev: only its pipeline's name tells it. */
export const kontextClass = 'FluxKontextPipeline';

/** Widths and heights that FLUX.1 Kontext was trained with. diffusers: `PREFERRED_KONTEXT_RESOLUTIONS`. */
const tall = [
  [672, 1568],
  [688, 1504],
  [720, 1456],
  [752, 1392],
  [800, 1328],
  [832, 1248],
  [880, 1184],
  [944, 1104],
] as const;
const trainedSizes: readonly ImageSize[] = [
  ...tall.map(([width, height]) => ({ width, height })),
  { width: 1024, height: 1024 },
  ...tall.toReversed().map(([height, width]) => ({ width, height })),
];

/**
 * How FLUX.1 Kontext reads images: their tokens behind those that it makes, at the places of an image of
 * their own. diffusers: `FluxKontextPipeline`; of several images, ComfyUI's `Flux` (its "offset" method).
 *
 * @param patchEdge pixels along the edge of a token
 */
export const kontextReading = (patchEdge: number): ImageEditing => ({
  sizeOf({ width, height }, familyOptions) {
    const floor = (edge: number) => Math.max(1, Math.floor(edge / patchEdge)) * patchEdge;
    const own = { width: floor(width), height: floor(height) };
    if (readOptions(familyOptions).editedImageSize === 'own') return own;
    // The shape of whole tokens, as diffusers has it.
    return nearestShape(own.width / own.height);
  },
  inputs(latents, images) {
    const tokens = latents.map((each) => packLatents(each));
    const count = tokens.reduce((sum, { shape }) => sum + shape[1]!, 0);
    const width = tokens[0]!.shape[2]!;
    const joined = Float32Array.from(tokens.flatMap(({ data }) => [...data]));
    const positions = positionsOf(latents);
    return {
      edited_tokens: { data: repeatRows(joined, images), shape: [images, count, width] },
      edited_positions: { data: repeatRows(positions, images), shape: [images, count, 3] },
    };
  },
});

/** Of those that fit alike, the first. */
function nearestShape(ratio: number): ImageSize {
  const distance = ({ width, height }: ImageSize) => Math.abs(ratio - width / height);
  return trainedSizes.reduce((best, each) => (distance(each) < distance(best) ? each : best));
}

/**
 * Of the second image's number: each further image is put beside or below those before it, where it makes the
 * whole more of a square.
 */
function positionsOf(latents: readonly Feed[]): Float32Array {
  const all: number[] = [];
  let [height, width] = [0, 0];
  for (const { shape } of latents) {
    const [rows, columns] = [shape[2]! / latentsPerEdge, shape[3]! / latentsPerEdge];
    const isBeside = rows + height > columns + width;
    const [top, left] = isBeside ? [0, width] : [height, 0];
    for (let token = 0; token < rows * columns; token++)
      all.push(1, top + Math.floor(token / columns), left + (token % columns));
    [height, width] = [Math.max(height, rows + top), Math.max(width, columns + left)];
  }
  return Float32Array.from(all);
}
