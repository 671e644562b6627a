import { inertFieldNames } from '../../sdcpp/inert-fields.js';
import type { sdcppRequestSchema } from '../../sdcpp/request.js';
import { always, type FieldEffect, type FieldTable, unlessTaken } from './field-effect.js';
import { roundedSize } from './tuning.js';

const anotherSampler = 'the plugin cannot combine it';
const size: FieldEffect = { obeyed: "pixels; 0: the model's own", adapted: roundedSize };
const ofHires: FieldEffect = { obeyed: 'of `hires.enabled`', ignored: unlessTaken };

const fields = {
  prompt: { obeyed: 'what the image shows' },
  model: { obeyed: 'id of a model, which stable-diffusion.cpp does not have' },
  negative_prompt: { obeyed: 'what it does not show', ignored: unlessTaken },
  clip_skip: { obeyed: 'from 2 on: last layers left out, and one', ignored: unlessTaken },
  width: size,
  height: size,
  strength: {
    obeyed: 'how far from the image',
    ignored: 'there is no `init_image`, or words alone change it',
  },
  seed: { obeyed: 'below 0: drawn', adapted: 'its lowest 32 bits count', ignored: unlessTaken },
  batch_count: { obeyed: 'how many images' },
  init_image: { obeyed: 'image to start from' },
  ref_images: { obeyed: 'more images' },
  mask_image: {
    obeyed: 'white is painted',
    adapted: 'brought to the size of its image',
    ignored: 'there is no image',
  },
  sample_params: { obeyed: 'those below', ignored: 'all others in it' },
  lora: { obeyed: 'LoRAs below `server.modelFolders`', ignored: 'the model takes none' },
  hires: { obeyed: 'two passes', ignored: unlessTaken },
  output_format: { obeyed: 'png, jpeg or webp' },
  output_compression: { obeyed: 'quality of JPEG and WebP', ignored: 'the file is PNG' },
} satisfies Record<keyof typeof sdcppRequestSchema.shape, FieldEffect>;

const inner: Readonly<Record<string, FieldEffect>> = {
  'sample_params.sample_steps': { obeyed: 'steps of the sampler', ignored: unlessTaken },
  'sample_params.sample_method': { obeyed: 'sampler', adapted: anotherSampler, ignored: unlessTaken },
  'sample_params.scheduler': { obeyed: 'schedule', adapted: anotherSampler, ignored: unlessTaken },
  'sample_params.guidance.txt_cfg': {
    obeyed: 'weight of the prompt',
    adapted: 'it is 1, and `distilled_guidance` counts (not with LCM or TCD)',
    ignored: unlessTaken,
  },
  'sample_params.guidance.distilled_guidance': {
    obeyed: 'weight of the prompt, where `txt_cfg` is 1 or absent',
    ignored: `${unlessTaken}, or \`txt_cfg\` counts`,
  },
  'hires.enabled': { obeyed: 'two passes', ignored: `${unlessTaken}, or there is an image` },
  'hires.scale': ofHires,
  'hires.target_width': ofHires,
  'hires.target_height': ofHires,
  'hires.steps': ofHires,
  'hires.denoising_strength': ofHires,
  'hires.upscaler': { obeyed: 'Lanczos', adapted: 'all others become Lanczos', ignored: unlessTaken },
};

export const sdcppTable: FieldTable = {
  title: "stable-diffusion.cpp's API",
  fields: {
    ...fields,
    ...inner,
    ...Object.fromEntries(inertFieldNames.map((name) => [name, { ignored: always }])),
  },
  others: { ignored: always },
};
