import type { FieldNames } from '../field-names.js';

/** What Automatic1111's API calls them. */
export const automaticFieldNames: FieldNames = {
  guidanceScale: 'cfg_scale',
  inputImages: 'init_images',
  control: 'alwayson_scripts.controlnet.args',
  n: 'batch_size',
  sampler: 'sampler_name',
  strength: 'denoising_strength',
  maskBlur: 'mask_blur',
  maskFill: 'inpainting_fill',
  maskPadding: 'inpaint_full_res_padding',
  model: 'override_settings.sd_model_checkpoint',
  outputFormat: 'override_settings.samples_format',
  options: { clipSkip: 'override_settings.CLIP_stop_at_last_layers', hiresFix: 'enable_hr' },
};
