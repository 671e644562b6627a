import type { imagesRequestSchema } from '../../images/generate.js';
import type { FieldEffect, FieldTable } from './field-effect.js';
import { roundedSize, tuningEffects } from './tuning.js';

const fields = {
  prompt: { obeyed: 'what the image shows' },
  model: { obeyed: 'id or another name of a model' },
  style: { obeyed: 'added to the prompt' },
  size: { obeyed: 'WIDTHxHEIGHT', adapted: roundedSize },
  image_type: { obeyed: 'file format' },
  n: { obeyed: 'how many images' },
  input_images: { obeyed: 'images to start from' },
  control: { obeyed: 'images to follow by ControlNets' },
  mask: { obeyed: 'white is painted', adapted: 'brought to the size of its image' },
  ...tuningEffects,
} satisfies Record<keyof typeof imagesRequestSchema.shape, FieldEffect>;

export const easelTable: FieldTable = {
  title: "Easel's own API",
  fields,
  others: { obeyed: 'status 400 with the field' },
};
