/** The sigmas that a model was trained on, and the timesteps that its network knows them by. */
export interface SigmaTable {
  /** The smallest sigma, above 0. */
  readonly min: number;
  readonly max: number;
  /** The sigma at a timestep that need not be whole. */
  sigmaAt(timestep: number): number;
  /** The timestep, not whole, that has a sigma; limited to the table's ends. */
  timestepOf(sigma: number): number;
  /** All sigmas of the training, ascending. */
  readonly sigmas: ArrayLike<number>;
  /**
   * What ComfyUI and AUTOMATIC1111 take for the sigma at a timestep that need not be whole: interpolated in
   * log(sigma), and along a flow shifted, so that times that are spaced evenly are shifted twice.
   */
  spacedSigmaAt(timestep: number): number;
}

/**
 * The table of a model that was trained on whole timesteps, from each one's alphaCumprod: sigma = sqrt((1 -
 * alpha) / alpha).
 */
export function createSigmaTable(alphasCumprod: Float32Array): SigmaTable {
  // In float32 steps, as diffusers has it.
  const sigmas = alphasCumprod.map((alpha) => Math.sqrt(Math.fround(Math.fround(1 - alpha) / alpha)));
  const logSigmas = sigmas.map(Math.log);
  return {
    min: sigmas[0]!,
    max: sigmas.at(-1)!,
    sigmaAt: (timestep) => interpolate(sigmas, timestep),
    timestepOf: (sigma) => findTimestep(logSigmas, sigma),
    sigmas,
    spacedSigmaAt: (timestep) => Math.exp(interpolate(logSigmas, timestep)),
  };
}

/** `numpy.interp` over whole timesteps. */
function interpolate(sigmas: Float32Array, timestep: number): number {
  const at = Math.min(Math.max(timestep, 0), sigmas.length - 1);
  const below = Math.min(Math.floor(at), sigmas.length - 2);
  const low = sigmas[below]!;
  return low + (sigmas[below + 1]! - low) * (at - below);
}

/** Interpolates in log(sigma). */
function findTimestep(logSigmas: Float32Array, sigma: number): number {
  const logSigma = Math.log(Math.max(sigma, 1e-10));
  let below = 0;
  let above = logSigmas.length;
  while (above - below > 1) {
    const middle = (below + above) >> 1;
    if (logSigmas[middle]! <= logSigma) below = middle;
    else above = middle;
  }
  below = Math.min(below, logSigmas.length - 2);
  const low = logSigmas[below]!;
  const weight = Math.min(Math.max((low - logSigma) / (low - logSigmas[below + 1]!), 0), 1);
  return (1 - weight) * below + weight * (below + 1);
}
