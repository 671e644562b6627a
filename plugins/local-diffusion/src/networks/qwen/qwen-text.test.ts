import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { openComponent } from '../../checkpoint/component.js';
import { qwenTextGraph } from './qwen-text.js';

const folder = fileURLToPath(
  new URL('../../../../../test/golden/d_pipelines/zimage_pipeline/text_encoder', import.meta.url),
);

test('layers that nobody reads are not opened', async () => {
  const component = await openComponent(folder);
  const weightsOf = (states: readonly (number | 'normed')[]) =>
    qwenTextGraph(component, { states }).initializers.map(({ name }) => name);
  const read = weightsOf([1, 2]);
  expect(read).toContain('model.layers.1.mlp.down_proj.weight');
  expect(read.filter((name) => /layers\.[23]\.|model\.norm/.test(name))).toEqual([]);
  expect(weightsOf(['normed'])).toEqual(
    expect.arrayContaining(['model.layers.3.mlp.down_proj.weight', 'model.norm.weight']),
  );
});

test('an encoder with too few layers is refused, and one that computes otherwise', async () => {
  const component = await openComponent(folder);
  expect(() => qwenTextGraph(component, { states: [9, 18, 27] })).toThrow(
    /"num_hidden_layers" is 4, and the tokens after 27 layers are read/,
  );
  const other = { ...component, config: { ...(component.config as object), rope_scaling: { factor: 4 } } };
  expect(() => qwenTextGraph(other, { states: [1] })).toThrow(/"rope_scaling" is {"factor":4}/);
});
