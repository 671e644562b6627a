import type { TorchGenerator } from '../sampling/noise/torch-generator.js';
import type { SamplingStep } from '../sampling/plan.js';
import type { SamplerRow } from '../sampling/samplers/sampler-row.js';
import type { TimestepSpacing } from '../sampling/scheduler-config/scheduler-config.js';
import type { Control } from './control.js';
import type { ConditioningRequest } from './diffusion-model.js';
import type { RgbPicture } from './lanczos.js';

/** What sampling starts from in place of noise. */
export type Source =
  | {
      readonly kind: 'picture';
      /** [3, height, width] of the request's size, -1 to 1; all images start from it. */
      readonly planes: Float32Array;
      /** [height, width]: 1 where to paint anew, 0 where to keep. Absent: paint anew everywhere. */
      readonly mask?: Float32Array | undefined;
      /**
       * All input images as they came, the first one that of `planes`: for models that edit images. Absent:
       * there are none.
       */
      readonly originals?: readonly RgbPicture[] | undefined;
    }
  /** What another model, or this one, has left when it stopped at `denoisingEnd`: all images' latents. */
  | { readonly kind: 'latents'; readonly latents: Float32Array };

export interface PromptSyntax {
  /** `[before:after:0.5]` and `[one|other]`. */
  readonly editing: boolean;
  /** `one AND other:1.2`, where there is guidance. */
  readonly composition: boolean;
}

export interface PictureRequest extends Omit<ConditioningRequest, 'isGuided' | 'inputImages'> {
  /** At most 1: no classifier-free guidance. */
  readonly guidanceScale: number;
  /** 0 to 1. */
  readonly guidanceRescale: number;
  /** Share of the steps, 0 to 1, from which on there is guidance. Absent: 0. */
  readonly guidanceStart?: number | undefined;
  /** Share of the steps, 0 to 1, until which there is guidance. Absent: 1. */
  readonly guidanceEnd?: number | undefined;
  /** Of so many calls of the denoising network one runs all of it. Absent: 1, each does. */
  readonly deepCacheInterval?: number | undefined;
  /** Absent: the model's own. */
  readonly sampler?: string | undefined;
  /** The samplers that there are. Absent: the built-in ones. */
  readonly samplers?: readonly SamplerRow[] | undefined;
  readonly steps: number;
  /** DDIM's share of fresh noise, 0 to 1. Absent: the sampler's own. */
  readonly eta?: number | undefined;
  /** Absent: as the model's scheduler config says. */
  readonly timestepSpacing?: TimestepSpacing | undefined;
  /** Steps of the pass whose enlarged image this one goes on from. Absent: there was none. */
  readonly earlierSteps?: number | undefined;
  /** Which parts of webui's syntax are read in prompts, beside weights. Absent: none. */
  readonly promptSyntax?: PromptSyntax | undefined;
  /** Images to follow by ControlNets of the model. Absent: there are none. */
  readonly controls?: readonly Control[] | undefined;
  /** Absent: text to image. */
  readonly source?: Source | undefined;
  /** Over 0 to 1: how far to go from the source. Absent: all the way. */
  readonly strength?: number | undefined;
  /** Whether somebody asked for that strength, and is told where it has no effect. Absent: no. */
  readonly isStrengthAsked?: boolean | undefined;
  /**
   * Between 0 and 1: go on with a source that has been through this share of the noise schedule already.
   * Absent: noise is added.
   */
  readonly denoisingStart?: number | undefined;
  /** Between 0 and 1: stop after this share of the noise schedule. Absent: at its end. */
  readonly denoisingEnd?: number | undefined;
  /** One an image, or one for all of them, drawn from as torch does for a batch. */
  readonly generators: readonly TorchGenerator[];
  readonly signal?: AbortSignal | undefined;
  /** Called after each call of the denoising network; `latents` must not be changed. */
  onStep?(step: PictureStep): void | Promise<void>;
}

/** A call of the denoising network that has been made. */
export interface PictureStep extends SamplingStep {
  /** [images, channels, height, width] */
  readonly shape: readonly number[];
  /** What the networks' part of the call took. */
  readonly networkMs: number;
}
