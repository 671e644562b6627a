import type { SchedulerConfig } from '../scheduler-config/scheduler-config.js';

type LimitKeys = Pick<
  SchedulerConfig,
  'thresholding' | 'dynamic_thresholding_ratio' | 'sample_max_value' | 'clip_sample' | 'clip_sample_range'
>;

/**
 * Limits a denoised image as `thresholding` or else `clip_sample` say, in place; models of latents have
 * neither.
 * @param imageCount how many images the array holds, one after the other
 */
export function limitDenoised(config: LimitKeys, denoised: Float32Array, imageCount: number): Float32Array {
  if (config.thresholding) {
    const size = denoised.length / imageCount;
    for (let image = 0; image < imageCount; image++) {
      threshold(config, denoised.subarray(image * size, (image + 1) * size));
    }
  } else if (config.clip_sample) {
    const range = config.clip_sample_range;
    for (let i = 0; i < denoised.length; i++) denoised[i] = Math.min(Math.max(denoised[i]!, -range), range);
  }
  return denoised;
}

/**
 * Dynamic thresholding of one image (Imagen, arXiv 2205.11487): clips to a quantile of its own values and
 * divides by it.
 */
function threshold(config: LimitKeys, image: Float32Array): void {
  const sorted = image.map(Math.abs).sort();
  const rank = config.dynamic_thresholding_ratio * (sorted.length - 1);
  const below = Math.floor(rank);
  const low = sorted[below]!;
  const quantile = low + ((sorted[below + 1] ?? low) - low) * (rank - below);
  const limit = Math.min(Math.max(quantile, 1), config.sample_max_value);
  for (let i = 0; i < image.length; i++) image[i] = Math.min(Math.max(image[i]!, -limit), limit) / limit;
}
