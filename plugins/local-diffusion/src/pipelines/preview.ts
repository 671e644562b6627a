import type { DiffusionModel } from './diffusion-model.js';
import type { RgbPicture } from './lanczos.js';
import { latentsToPlanes } from './latents-to-rgb.js';
import { toRgb } from './pixels.js';

/** An unfinished picture, small. */
export interface PreviewPicture extends RgbPicture {
  /** How many times larger it is to be shown, each pixel as a square. */
  readonly enlarge: number;
}

/** Edge, in latents, of the corner that the decoder is tried on. */
const sampleEdge = 16;

/**
 * Makes pictures of the latents of unfinished pictures: with the model's decoder for previews where it has
 * one; or else a pixel a latent, or with its own decoder where that costs less than a step, and for latents
 * whose colours are not known. For the first of a size the decoder is timed on a corner.
 */
export class Previewer {
  readonly #model: DiffusionModel;
  /** By latents of a picture: small pictures and large ones of a call may differ. */
  readonly #decodes = new Map<number, boolean>();

  constructor(model: DiffusionModel) {
    this.#model = model;
  }

  /**
   * @param latents of one image
   * @param shape [1, channels, height, width]
   * @param stepMs what a step takes in the networks
   */
  async show(latents: Float32Array, shape: readonly number[], stepMs: number): Promise<PreviewPicture> {
    const [, , height = 0, width = 0] = shape;
    const { factor, latentColours: colours } = this.#model;
    const small = this.#model.decodePreview;
    if (small || !colours || (await this.#decodesWithin(stepMs, shape))) {
      const planes = await (small ?? this.#model.decode)(latents, shape);
      return { rgb: toRgb(planes), width: width * factor, height: height * factor, enlarge: 1 };
    }
    return { rgb: toRgb(latentsToPlanes(latents, colours)), width, height, enlarge: factor };
  }

  async #decodesWithin(stepMs: number, shape: readonly number[]): Promise<boolean> {
    const area = shape[2]! * shape[3]!;
    const decodes = this.#decodes.get(area) ?? (await this.#decodeMs(shape)) < stepMs;
    this.#decodes.set(area, decodes);
    return decodes;
  }

  /** What decoding would take, by that of a corner: nearly all of it grows with the pixels. */
  async #decodeMs([, channels = 0, height = 0, width = 0]: readonly number[]): Promise<number> {
    const corner = [1, channels, Math.min(height, sampleEdge), Math.min(width, sampleEdge)];
    const count = corner.reduce((one, other) => one * other, 1);
    const from = this.#model.networkMs;
    await this.#model.decode(new Float32Array(count), corner);
    return ((this.#model.networkMs - from) * channels * height * width) / count;
  }
}

/**
 * Whether a preview is due, for previews that are spread evenly over all passes of a picture and leave out
 * its end, where the picture itself comes.
 *
 * @param wanted previews of a picture
 * @returns tells, of a share of the picture's steps that are done, whether to show it; shares ascend
 */
export function createPreviewSchedule(wanted: number): (done: number) => boolean {
  let shown = 0;
  return (done) => {
    // Sums of steps are not exact.
    const due = Math.min(wanted, Math.floor(done * (wanted + 1) + 1e-9));
    if (due <= shown) return false;
    shown = due;
    return true;
  };
}
