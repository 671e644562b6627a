import type { FieldNames } from '../field-names.js';

/** What stable-diffusion.cpp's API calls them. */
export const sdcppFieldNames: FieldNames = {
  guidanceScale: 'sample_params.guidance.txt_cfg',
  inputImages: 'init_image',
  mask: 'mask_image',
  n: 'batch_count',
  outputQuality: 'output_compression',
  sampler: 'sample_params.sample_method',
  steps: 'sample_params.sample_steps',
  options: { clipSkip: 'clip_skip', hiresFix: 'hires.enabled' },
};
