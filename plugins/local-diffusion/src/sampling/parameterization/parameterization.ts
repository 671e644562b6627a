import type { NoiseLevel } from './noise-level.js';

/** What a network's output says about the image under the noise. All arrays have the shape of the latents. */
export interface Prediction {
  /** The image without noise that an output stands for, given the latents and their level. */
  denoised(latents: Float32Array, output: Float32Array, level: NoiseLevel): Float32Array;
  /** The output that stands for a denoised image: the inverse of `denoised`. */
  output(latents: Float32Array, denoised: Float32Array, level: NoiseLevel): Float32Array;
  /** Whether diffusers' Euler reads the output at the level before churn, and not at the raised one. */
  readonly isReadBeforeChurn: boolean;
}

/** How a model was trained: how its noise is mixed in, how its input is scaled and what its output means. */
export interface Parameterization extends Prediction {
  /** The shares of image and noise at one of the schedule's sigmas. */
  mix(sigma: number): { readonly alpha: number; readonly sigma: number };
  /** Latents as the network takes them. */
  scaleInput(latents: Float32Array, level: NoiseLevel): Float32Array;
}
