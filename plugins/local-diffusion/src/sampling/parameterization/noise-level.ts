/** How noisy latents are: `alpha` times the image plus `sigma` times unit noise. */
export interface NoiseLevel {
  /**
   * What the network is told of the noise: a training timestep, not always whole; log(sigma) / 4 for EDM
   * models.
   */
  readonly timestep: number;
  /** The image's share, 0 to 1; 1 throughout in k-diffusion's scale. */
  readonly alpha: number;
  /** The noise's share, from 0 on. */
  readonly sigma: number;
}

/**
 * Half the logarithm of the signal-to-noise ratio, DPM-Solver's lambda: log(alpha / sigma). Infinite without
 * noise.
 */
export function halfLogSnr({ alpha, sigma }: NoiseLevel): number {
  return Math.log(alpha) - Math.log(sigma);
}

/**
 * The sigma of a sigma / alpha, in the scale of another level above 0: k-diffusion's, where alpha is 1, or a
 * flow's.
 */
export function sigmaOfRatio(ratio: number, { alpha }: NoiseLevel): number {
  return alpha === 1 ? ratio : ratio / (1 + ratio);
}
