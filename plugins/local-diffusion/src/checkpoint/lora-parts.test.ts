import { expect, test } from 'vitest';
import type { FamilyLoras } from '../families/family.js';
import { fluxLoras } from '../families/flux/loras.js';
import { stableDiffusion3Loras } from '../families/stable-diffusion-3/loras.js';
import { applyLoras } from './apply-loras.js';
import type { Component } from './component.js';
import type { Lora } from './lora.js';
import type { LoraLayer } from './lora-layer.js';
import type { TensorLocation } from './safetensors.js';

const titles = { titleOfLora: () => undefined, model: undefined, warn: () => undefined };

/** A tensor of float32 at the start of a file. */
const tensor = (...shape: readonly number[]): TensorLocation => ({
  ...{ dtype: 'F32', shape, file: '/lora.safetensors', offset: 0 },
  length: 4 * shape.reduce((product, size) => product * size, 1),
});

/** What becomes of a plain LoRA of one layer in a transformer with the weights named. */
function placed(
  { targets }: FamilyLoras,
  module: string,
  rows: number,
  weights: Readonly<Record<string, TensorLocation>>,
): ReadonlyMap<string, LoraLayer> {
  const transformer = {
    ...{ name: 'transformer', configFile: '/config.json', config: {} },
    tensors: new Map(Object.entries(weights)),
  };
  const product = {
    kind: 'product',
    left: tensor(rows, 2),
    isLeftTransposed: false,
    right: tensor(2, 8),
  } as const;
  const layer = {
    target: targets[0]!,
    module,
    name: module,
    factor: 1,
    change: { kind: 'low-rank', product },
  } as const;
  const lora: Lora = {
    ...{ file: '/lora.safetensors', files: [], layers: [layer], embeddings: new Map(), warnings: [] },
  };
  const changed: Component = applyLoras({ transformer }, [lora], titles).transformer;
  return changed.loras![0]!.layers;
}

/** The first row and the rows of what is multiplied from the left, by the layer. */
const rowsOf = (layers: ReadonlyMap<string, LoraLayer>) =>
  [...layers].map(([path, { change }]) => {
    if (change?.kind !== 'low-rank') throw new Error('not a plain LoRA');
    const { offset, shape, halvesSwapped = false } = change.product.left;
    return [path, offset / 8, shape[0], halvesSwapped];
  });

test('a LoRA of query, key and value together is divided among them', () => {
  const attention = 'transformer_blocks.0.attn';
  const weights = Object.fromEntries(
    ['to_q', 'to_k', 'to_v'].map((each) => [`${attention}.${each}.weight`, tensor(8, 8)]),
  );
  const expected = [
    [`${attention}.to_q`, 0, 8, false],
    [`${attention}.to_k`, 8, 8, false],
    [`${attention}.to_v`, 16, 8, false],
  ];
  expect(rowsOf(placed(fluxLoras, 'double_blocks_0_img_attn_qkv', 24, weights))).toEqual(expected);
  expect(rowsOf(placed(stableDiffusion3Loras, 'joint_blocks_0_x_block_attn_qkv', 24, weights))).toEqual(
    expected,
  );
});

test('the first layer of a single block of FLUX is divided into attention and the rest', () => {
  const block = 'single_transformer_blocks.3';
  const weights = {
    ...Object.fromEntries(
      ['to_q', 'to_k', 'to_v'].map((each) => [`${block}.attn.${each}.weight`, tensor(8, 8)]),
    ),
    [`${block}.proj_mlp.weight`]: tensor(32, 8),
  };
  expect(rowsOf(placed(fluxLoras, 'single_blocks_3_linear1', 56, weights)).at(-1)).toEqual([
    ...[`${block}.proj_mlp`, 24, 32, false],
  ]);
});

test('the modulation of the text is turned round in the last block of Stable Diffusion 3 alone', () => {
  const weights = {
    'transformer_blocks.0.norm1_context.linear.weight': tensor(48, 8),
    'transformer_blocks.1.norm1_context.linear.weight': tensor(16, 8),
  };
  const swapped = (module: string, rows: number) =>
    rowsOf(placed(stableDiffusion3Loras, module, rows, weights))[0]?.[3];
  expect(swapped('joint_blocks_0_context_block_adaLN_modulation_1', 48)).toBe(false);
  expect(swapped('joint_blocks_1_context_block_adaLN_modulation_1', 16)).toBe(true);
});

test("diffusers' names are found as they are", () => {
  const weights = { 'transformer_blocks.0.attn.to_q.weight': tensor(8, 8) };
  expect(rowsOf(placed(fluxLoras, 'transformer_blocks_0_attn_to_q', 8, weights))).toEqual([
    ['transformer_blocks.0.attn.to_q', 0, 8, false],
  ]);
});
