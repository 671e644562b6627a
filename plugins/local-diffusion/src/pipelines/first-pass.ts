import type { DiffusionModel } from './diffusion-model.js';
import { generatePictures } from './generate-pictures.js';
import { resizeLanczos } from './lanczos.js';
import type { PictureRequest, Source } from './picture-request.js';
import { toPlanes, toRgb } from './pixels.js';

/** The smaller picture that a large one is made from, and how. */
export interface FirstPass {
  /** Pixels. */
  readonly width: number;
  readonly height: number;
  /** Over 0 to 1: how far the large picture goes from it. */
  readonly strength: number;
  /** Steps of the large picture. */
  readonly steps: number;
}

/** Edges in pixels. */
interface Size {
  readonly width: number;
  readonly height: number;
}

/**
 * The size of a first pass: what is asked for, or as many pixels as the model's usual size has, in the shape
 * of the large picture. Rounded to multiples that the model makes, so that the shape may be off by a little.
 *
 * @returns undefined where it would not be smaller
 */
export function firstPassSize(
  large: Size,
  asked: { readonly scale?: number | undefined } & { readonly [edge in keyof Size]?: number | undefined },
  model: { readonly defaults: Size; readonly supports: { minimumEdge: number; edgeMultiple: number } },
): Size | undefined {
  const { defaults, supports } = model;
  const scale = asked.scale ?? Math.sqrt((large.width * large.height) / (defaults.width * defaults.height));
  const round = (edge: number) =>
    Math.max(
      Math.ceil(supports.minimumEdge / supports.edgeMultiple),
      Math.round(edge / supports.edgeMultiple),
    ) * supports.edgeMultiple;
  const width = round(asked.width ?? large.width / scale);
  const height = round(asked.height ?? large.height / scale);
  return width * height < large.width * large.height ? { width, height } : undefined;
}

/**
 * Text to image at the first pass's size, enlarged in pixels to the request's: what a second pass starts
 * from. Enlarged pixels are what the autoencoder has seen; enlarged latents are not, and need a higher
 * strength to become clean.
 */
export async function makeFirstPass(
  model: DiffusionModel,
  request: PictureRequest,
  { width, height }: Size,
): Promise<{ readonly source: Source; readonly warnings: readonly string[] }> {
  const { planes, warnings } = await generatePictures(model, { ...request, width, height });
  const enlarged = resizeLanczos({ rgb: toRgb(planes), width, height }, request.width, request.height);
  return { source: { kind: 'picture', planes: toPlanes(enlarged.rgb) }, warnings };
}
