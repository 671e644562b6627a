import { inertFieldNames } from '../../automatic1111/inert-fields.js';
import type { automaticOptionsSchema, automaticRequestSchema } from '../../automatic1111/request.js';
import { always, type FieldEffect, type FieldTable, unlessTaken } from './field-effect.js';
import { roundedSize } from './tuning.js';

const anotherSampler = 'the plugin cannot combine it';
const withHires = 'of `enable_hr`';

const fields = {
  prompt: { obeyed: 'what the image shows' },
  negative_prompt: { obeyed: 'what it does not show', ignored: unlessTaken },
  seed: { obeyed: '-1: drawn', adapted: 'its lowest 32 bits count', ignored: unlessTaken },
  steps: { obeyed: 'steps of the sampler', ignored: unlessTaken },
  cfg_scale: { obeyed: 'weight of the prompt', ignored: unlessTaken },
  width: { obeyed: 'pixels', adapted: roundedSize },
  height: { obeyed: 'pixels', adapted: roundedSize },
  batch_size: { obeyed: 'images: `batch_size` times `n_iter`' },
  n_iter: { obeyed: 'images: `batch_size` times `n_iter`' },
  sampler_name: { obeyed: 'sampler', adapted: anotherSampler, ignored: unlessTaken },
  sampler_index: {
    obeyed: 'the older name of `sampler_name`',
    adapted: anotherSampler,
    ignored: unlessTaken,
  },
  scheduler: { obeyed: 'schedule', adapted: anotherSampler, ignored: unlessTaken },
  enable_hr: { obeyed: 'two passes', ignored: `${unlessTaken}, or it is \`img2img\`` },
  hr_scale: { obeyed: withHires, ignored: unlessTaken },
  hr_resize_x: { obeyed: withHires, ignored: unlessTaken },
  hr_resize_y: { obeyed: withHires, ignored: unlessTaken },
  hr_second_pass_steps: { obeyed: withHires, ignored: unlessTaken },
  hr_upscaler: { obeyed: 'Lanczos', adapted: 'all others become Lanczos', ignored: unlessTaken },
  init_images: { obeyed: 'images to start from', ignored: 'of `txt2img`' },
  mask: {
    obeyed: 'opaque or white is painted',
    adapted: 'brought to the size of its image',
    ignored: 'of `txt2img`',
  },
  denoising_strength: {
    obeyed: 'how far from the image',
    ignored: '`enable_hr` is ignored, or words alone change the image',
  },
  mask_blur: { obeyed: 'blur of its edge, in pixels' },
  mask_blur_x: { obeyed: 'as `mask_blur`' },
  mask_blur_y: { obeyed: 'as `mask_blur`', adapted: 'it is not `mask_blur_x`, which counts' },
  inpainting_fill: { obeyed: '0 and 1', adapted: '2 and 3 do what 0 does' },
  inpaint_full_res: { obeyed: 'whether only the surroundings of the mask are painted' },
  inpaint_full_res_padding: { obeyed: 'their pixels around it' },
  inpainting_mask_invert: { obeyed: 'exchanges what is painted and what is kept' },
  override_settings: { obeyed: 'the three below', ignored: 'all others in it' },
  send_images: { obeyed: 'whether the answer has the images' },
  save_images: { obeyed: 'stores them beside the other results' },
  include_init_images: { obeyed: 'whether the answer repeats them' },
  force_task_id: { obeyed: 'by which `progress` asks' },
} satisfies Record<keyof typeof automaticRequestSchema.shape, FieldEffect>;

const settings = {
  sd_model_checkpoint: { obeyed: 'id of a model' },
  CLIP_stop_at_last_layers: { obeyed: 'last layers left out', ignored: unlessTaken },
  samples_format: { obeyed: 'file format' },
} satisfies Record<keyof typeof automaticOptionsSchema.shape, FieldEffect>;

export const automaticTable: FieldTable = {
  title: "Automatic1111's API",
  fields: {
    ...fields,
    ...Object.fromEntries(
      Object.entries(settings).map(([name, each]) => [`override_settings.${name}`, each]),
    ),
    'alwayson_scripts.controlnet': { obeyed: 'units with an image and a model; no preprocessors' },
    ...Object.fromEntries(inertFieldNames.map((name) => [name, { ignored: always }])),
  },
  others: { ignored: always },
};
