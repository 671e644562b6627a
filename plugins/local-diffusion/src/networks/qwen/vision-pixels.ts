import { type RgbPicture, resizeBicubic } from '../../pipelines/lanczos.js';
import { roundHalfToEven } from '../../sampling/rounding.js';
import type { Feed } from '../../session/network.js';
import { framesPerPatch, type QwenVisionConfig } from './qwen-vision-config.js';

/** Between how many pixels an image is brought before it is seen. */
export interface PixelLimits {
  readonly least: number;
  readonly most: number;
}

/** Of each colour, as CLIP was trained. */
const means = [0.48145466, 0.4578275, 0.40821073];
const deviations = [0.26862954, 0.26130258, 0.27577711];

/** An image as the vision tower reads it. */
export interface VisionPixels {
  /** [tokens, patches of one, 3 * 2 * edge * edge] */
  readonly patches: Feed;
  /** Of patches. */
  readonly rows: number;
  readonly columns: number;
}

/**
 * Brings an image to edges that are multiples of a token's and to a number of pixels within limits, and cuts
 * it into patches. transformers: `Qwen2VLImageProcessor`.
 */
export function visionPixels(
  image: RgbPicture,
  config: Pick<QwenVisionConfig, 'patchEdge' | 'mergedEdge'>,
  limits: PixelLimits,
): VisionPixels {
  const { patchEdge, mergedEdge } = config;
  const { width, height } = visionSize(image, patchEdge * mergedEdge, limits);
  const { rgb } = resizeBicubic(image, width, height);
  const [rows, columns] = [height / patchEdge, width / patchEdge];
  const [perToken, size] = [mergedEdge ** 2, patchEdge ** 2];
  const tokens = (rows * columns) / perToken;
  const data = new Float32Array(tokens * perToken * 3 * framesPerPatch * size);
  let at = 0;
  for (let patch = 0; patch < tokens * perToken; patch++) {
    const [token, part] = [Math.floor(patch / perToken), patch % perToken];
    const across = columns / mergedEdge;
    const top = (Math.floor(token / across) * mergedEdge + Math.floor(part / mergedEdge)) * patchEdge;
    const left = ((token % across) * mergedEdge + (part % mergedEdge)) * patchEdge;
    for (let colour = 0; colour < 3; colour++)
      for (let frame = 0; frame < framesPerPatch; frame++)
        for (let pixel = 0; pixel < size; pixel++) {
          const [row, column] = [top + Math.floor(pixel / patchEdge), left + (pixel % patchEdge)];
          const value = Math.fround(rgb[3 * (row * width + column) + colour]! / 255);
          data[at++] = (value - means[colour]!) / deviations[colour]!;
        }
  }
  return {
    patches: { data, shape: [tokens, perToken, 3 * framesPerPatch * size] },
    rows,
    columns,
  };
}

/** transformers: `smart_resize`. */
export function visionSize(
  { width, height }: Pick<RgbPicture, 'width' | 'height'>,
  unit: number,
  { least, most }: PixelLimits,
): { readonly width: number; readonly height: number } {
  const rounded = (edge: number) => Math.max(unit, roundHalfToEven(edge / unit) * unit);
  const pixels = rounded(width) * rounded(height);
  if (pixels > most) {
    const shrink = Math.sqrt((width * height) / most);
    const floor = (edge: number) => Math.max(unit, Math.floor(edge / shrink / unit) * unit);
    return { width: floor(width), height: floor(height) };
  }
  if (pixels < least) {
    const grow = Math.sqrt(least / (width * height));
    const ceiling = (edge: number) => Math.ceil((edge * grow) / unit) * unit;
    return { width: ceiling(width), height: ceiling(height) };
  }
  return { width: rounded(width), height: rounded(height) };
}
