import type { SchedulerConfig } from '../scheduler-config/scheduler-config.js';

/** The network's output read as a prediction: the image without noise, and the noise. */
export interface Prediction {
  readonly original: Float32Array;
  readonly noise: Float32Array;
}

/**
 * Reads the network's output for latents that are `alpha * image + sigma * noise`, by `prediction_type`:
 * the noise itself, the image, v = alpha * noise - sigma * image (arXiv 2202.00512), or the flow noise - image.
 * The image is limited as `thresholding` and `clip_sample` say; the noise is not.
 */
export function readPrediction(
  config: SchedulerConfig,
  latents: Float32Array,
  output: Float32Array,
  scale: { readonly alpha: number; readonly sigma: number; readonly imageCount: number },
): Prediction {
  const { alpha, sigma, imageCount } = scale;
  const original = new Float32Array(latents.length);
  const noise = new Float32Array(latents.length);
  for (let i = 0; i < latents.length; i++) {
    const x = latents[i]!;
    const out = output[i]!;
    switch (config.prediction_type) {
      case 'epsilon':
        original[i] = (x - sigma * out) / alpha;
        noise[i] = out;
        break;
      case 'sample':
        original[i] = out;
        noise[i] = (x - alpha * out) / sigma;
        break;
      case 'v_prediction':
        original[i] = alpha * x - sigma * out;
        noise[i] = alpha * out + sigma * x;
        break;
      case 'flow_prediction':
        original[i] = x - sigma * out;
        noise[i] = x + alpha * out;
        break;
    }
  }
  limitOriginal(config, original, imageCount);
  return { original, noise };
}

/**
 * Reads the network's output for latents that are `image + sigma * noise` (k-diffusion's scale), as a prediction of the image.
 * Each operation is rounded to float32 as torch rounds it: sigma can be 4096, and then the difference shows in the result.
 */
export function readOriginal(
  config: SchedulerConfig,
  latents: Float32Array,
  output: Float32Array,
  sigma: number,
): Float32Array {
  const original = new Float32Array(latents.length);
  const level = Math.fround(sigma);
  const squared = Math.fround(Math.fround(level * level) + 1);
  const outputScale = Math.fround(-level / Math.fround(Math.sqrt(squared)));
  for (let i = 0; i < latents.length; i++) {
    const [x, out] = [latents[i]!, output[i]!];
    if (config.prediction_type === 'epsilon') original[i] = x - Math.fround(level * out);
    else if (config.prediction_type === 'v_prediction') {
      original[i] = Math.fround(out * outputScale) + Math.fround(x / squared);
    } else original[i] = out;
  }
  limitOriginal(config, original, 1);
  return original;
}

/** d(latents)/d(sigma), k-diffusion's `to_d`: the noise per unit of sigma that a prediction of the image leaves. In float32 steps. */
export function toDerivative(latents: Float32Array, original: Float32Array, sigma: number): Float32Array {
  const level = Math.fround(sigma);
  return latents.map((x, i) => Math.fround(x - original[i]!) / level);
}

/** An Euler step along a derivative, over `distance` in sigma. In float32 steps. */
export function moveAlong(latents: Float32Array, derivative: Float32Array, distance: number): Float32Array {
  const step = Math.fround(distance);
  return latents.map((x, i) => x + Math.fround(derivative[i]! * step));
}

/** Applies `thresholding` or else `clip_sample`, in place. */
function limitOriginal(config: SchedulerConfig, original: Float32Array, imageCount: number): void {
  if (config.thresholding) {
    const size = original.length / imageCount;
    for (let image = 0; image < imageCount; image++) {
      threshold(config, original.subarray(image * size, (image + 1) * size));
    }
  } else if (config.clip_sample) {
    const range = config.clip_sample_range;
    for (let i = 0; i < original.length; i++) original[i] = Math.min(Math.max(original[i]!, -range), range);
  }
}

/** Dynamic thresholding of one image (Imagen, arXiv 2205.11487): clips to a quantile of its own values and divides by it. */
function threshold(config: SchedulerConfig, image: Float32Array): void {
  const sorted = image.map(Math.abs).sort();
  const rank = config.dynamic_thresholding_ratio * (sorted.length - 1);
  const below = Math.floor(rank);
  const low = sorted[below]!;
  const quantile = low + ((sorted[below + 1] ?? low) - low) * (rank - below);
  const limit = Math.min(Math.max(quantile, 1), config.sample_max_value);
  for (let i = 0; i < image.length; i++) image[i] = Math.min(Math.max(image[i]!, -limit), limit) / limit;
}
