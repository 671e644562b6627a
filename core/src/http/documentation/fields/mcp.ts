import type { editShape } from '../../mcp/tools.js';
import { always, type FieldEffect, type FieldTable, unlessTaken } from './field-effect.js';
import { roundedSize } from './tuning.js';

const fields = {
  prompt: { obeyed: 'what the image shows' },
  model: { obeyed: 'id or another name of a model' },
  negative_prompt: { obeyed: 'what it does not show', ignored: unlessTaken },
  size: { obeyed: 'WIDTHxHEIGHT', adapted: roundedSize },
  seed: { obeyed: 'start of the random numbers', ignored: unlessTaken },
  steps: { obeyed: 'steps of the sampler', ignored: unlessTaken },
  n: { obeyed: 'how many images' },
  image: { obeyed: 'image to start from, of `edit_image`' },
  mask: { obeyed: 'white is painted, of `edit_image`', adapted: 'brought to the size of its image' },
  strength: {
    obeyed: 'how far from the image, of `edit_image`',
    ignored: 'of the other tools, or words alone change it',
  },
} satisfies Record<keyof typeof editShape, FieldEffect>;

export const mcpTable: FieldTable = {
  title: 'Model Context Protocol',
  fields,
  others: { ignored: always },
};
