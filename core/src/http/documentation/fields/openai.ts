import type { openAiRequestSchema } from '../../openai/request.js';
import { always, type FieldEffect, type FieldTable, unlessTaken } from './field-effect.js';
import { roundedSize, tuningEffects } from './tuning.js';

const inAsyncCalls = 'with `async`';

const fields = {
  prompt: { obeyed: 'what the image shows' },
  model: { obeyed: 'id or another name of a model' },
  n: { obeyed: 'how many images' },
  size: { obeyed: "WIDTHxHEIGHT; `auto`: the model's own", adapted: roundedSize },
  output_format: { obeyed: 'file format' },
  output_compression: { obeyed: 'quality of JPEG, WebP and AVIF', ignored: 'the file is PNG' },
  background: { obeyed: '`transparent` or `opaque`', ignored: unlessTaken },
  input_fidelity: { obeyed: 'of edits', ignored: `${unlessTaken}, or it is no edit` },
  moderation: { obeyed: "the provider's", ignored: unlessTaken },
  quality: { obeyed: "the provider's", ignored: unlessTaken },
  style: { obeyed: "the provider's", ignored: unlessTaken },
  response_format: { obeyed: '`b64_json` or `url`', ignored: inAsyncCalls },
  stream: { obeyed: 'server-sent events', ignored: inAsyncCalls },
  partial_images: { obeyed: 'looks at each image', ignored: 'without `stream`' },
  user: { obeyed: 'changes nothing, as there' },
  async: { obeyed: 'a job, asked for later' },
  ...tuningEffects,
  on_disconnect: { ...tuningEffects.on_disconnect, ignored: inAsyncCalls },
  cache: { ...tuningEffects.cache, ignored: inAsyncCalls },
} satisfies Record<keyof typeof openAiRequestSchema.shape, FieldEffect>;

export const openAiTable: FieldTable = {
  title: "OpenAI's API",
  fields: {
    ...fields,
    image: { obeyed: 'images to start from; in JSON `images`' },
    mask: {
      obeyed: 'transparent is painted',
      adapted: 'one without transparency: white is painted; brought to the size of its image',
    },
  },
  others: { ignored: always },
};
