import { type ollamaGenerateSchema, silentFields } from '../../ollama/request.js';
import { always, type FieldEffect, type FieldTable, unlessTaken } from './field-effect.js';
import { roundedSize } from './tuning.js';

const fields = {
  model: { obeyed: 'id of a model; `:latest` counts for nothing' },
  prompt: { obeyed: 'what the image shows' },
  negative_prompt: { obeyed: 'what it does not show', ignored: unlessTaken },
  width: { obeyed: "pixels; 0: the model's own", adapted: roundedSize },
  height: { obeyed: "pixels; 0: the model's own", adapted: roundedSize },
  steps: { obeyed: "steps of the sampler; 0: the model's own", ignored: unlessTaken },
  images: { obeyed: 'images to start from' },
  stream: { obeyed: 'progress and image, a line each' },
  options: { obeyed: '`seed`', ignored: 'all others in it' },
} satisfies Record<keyof typeof ollamaGenerateSchema.shape, FieldEffect>;

export const ollamaTable: FieldTable = {
  title: "Ollama's API",
  fields: {
    ...fields,
    'options.seed': { obeyed: 'start of the random numbers; -1: drawn', ignored: unlessTaken },
    ...Object.fromEntries([...silentFields].map((name) => [name, { obeyed: 'changes no image, as there' }])),
  },
  others: { ignored: always },
};
