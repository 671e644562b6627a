import type { extraFields } from '../../request-fields.js';
import { type FieldEffect, unlessTaken } from './field-effect.js';

const withoutMask = 'there is no mask';

/** Of the fields that Easel's own API and OpenAI's share. */
export const tuningEffects = {
  negative_prompt: { obeyed: 'what the image does not show', ignored: unlessTaken },
  seed: { obeyed: 'start of the random numbers', ignored: unlessTaken },
  steps: { obeyed: 'steps of the sampler', ignored: unlessTaken },
  guidance_scale: { obeyed: 'weight of the prompt', ignored: unlessTaken },
  sampler: {
    obeyed: 'sampler and schedule',
    adapted: 'the plugin has none of that name',
    ignored: unlessTaken,
  },
  strength: {
    obeyed: 'how far from the input image',
    ignored: 'there is no input image, or words alone change it',
  },
  expand_prompt: { obeyed: 'whether choices in prompts are drawn' },
  keep_unmasked: { obeyed: 'whether what the mask keeps is pasted back', ignored: withoutMask },
  mask_blur: { obeyed: 'blur of its edge, in pixels', ignored: withoutMask },
  mask_fill: { obeyed: 'what lies under the mask', ignored: withoutMask },
  mask_padding: { obeyed: 'paints only the surroundings of the mask', ignored: withoutMask },
  fallback: { obeyed: 'who may take over' },
  prefer: { obeyed: 'whom to ask first' },
  max_cost: { obeyed: 'US dollars; nobody keeps to it: status 402' },
  timeout_ms: { obeyed: 'when the call is given up' },
  provider_options: {
    obeyed: 'options of a plugin',
    ignored: 'there is no such plugin, or another one made the images',
  },
  priority: { obeyed: 'order of calls that wait' },
  on_disconnect: { obeyed: 'what becomes of the work of a caller that goes away' },
  cache: { obeyed: 'whether earlier images may be the answer' },
} satisfies Record<keyof typeof extraFields, FieldEffect>;

export const roundedSize = 'edges are rounded to what the model makes';
