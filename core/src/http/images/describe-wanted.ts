import type { Wanted } from '../../jobs/wanted.js';

/** What was asked for, by the names of Easel's own API. */
export const describeWanted = ({ width, height, ...wanted }: Wanted) => ({
  prompt: wanted.prompt,
  model: wanted.model,
  size: width && height ? `${width}x${height}` : undefined,
  n: wanted.n,
  negative_prompt: wanted.negativePrompt,
  seed: wanted.seed,
  steps: wanted.steps,
  guidance_scale: wanted.guidanceScale,
  sampler: wanted.sampler,
  strength: wanted.strength,
  image_type: wanted.outputFormat,
  grid: wanted.grid,
});
