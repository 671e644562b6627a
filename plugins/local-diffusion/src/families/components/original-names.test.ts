import { describe, expect, test } from 'vitest';
import { nearestNames } from '../../checkpoint/nearest-names.js';
import { renamePath } from '../../checkpoint/rename-path.js';
import type { TensorLocation } from '../../checkpoint/safetensors.js';
import { clipTensors, openClipTensors } from './original-text-names.js';
import { originalLayersPerLevel, unetPathOf } from './original-unet-names.js';
import { vaePathOf } from './original-vae-names.js';

const tensor = (shape: readonly number[], offset = 0): TensorLocation => ({
  dtype: 'F16',
  shape,
  file: '/models/a.safetensors',
  offset,
  length: 2 * shape.reduce((product, size) => product * size, 1),
});

describe('unetPathOf', () => {
  test.each([
    ['input_blocks.0.0.weight', 'conv_in.weight'],
    ['time_embed.2.bias', 'time_embedding.linear_2.bias'],
    ['label_emb.0.0.weight', 'add_embedding.linear_1.weight'],
    ['input_blocks.1.0.in_layers.0.weight', 'down_blocks.0.resnets.0.norm1.weight'],
    ['input_blocks.2.1.proj_in.weight', 'down_blocks.0.attentions.1.proj_in.weight'],
    ['input_blocks.3.0.op.bias', 'down_blocks.0.downsamplers.0.conv.bias'],
    ['input_blocks.4.0.skip_connection.weight', 'down_blocks.1.resnets.0.conv_shortcut.weight'],
    ['input_blocks.11.0.emb_layers.1.weight', 'down_blocks.3.resnets.1.time_emb_proj.weight'],
    ['middle_block.0.out_layers.3.weight', 'mid_block.resnets.0.conv2.weight'],
    [
      'middle_block.1.transformer_blocks.0.attn1.to_q.weight',
      'mid_block.attentions.0.transformer_blocks.0.attn1.to_q.weight',
    ],
    ['middle_block.2.out_layers.0.bias', 'mid_block.resnets.1.norm2.bias'],
    ['output_blocks.2.1.conv.weight', 'up_blocks.0.upsamplers.0.conv.weight'],
    ['output_blocks.5.2.conv.weight', 'up_blocks.1.upsamplers.0.conv.weight'],
    ['output_blocks.3.1.norm.weight', 'up_blocks.1.attentions.0.norm.weight'],
    ['output_blocks.11.0.in_layers.2.weight', 'up_blocks.3.resnets.2.conv1.weight'],
    ['out.0.weight', 'conv_norm_out.weight'],
    ['out.2.bias', 'conv_out.bias'],
    ['input_blocks.1.0.time_stack.weight', undefined],
    ['diffusion.out.2.bias', undefined],
  ])('%s', (original, path) => {
    expect(unetPathOf(original, 2)).toBe(path);
  });

  test('counts by the number of layers that the first downsampler tells', () => {
    expect(originalLayersPerLevel(['input_blocks.8.0.op.weight', 'input_blocks.4.0.op.weight'])).toBe(3);
    expect(
      originalLayersPerLevel(['input_blocks.1.0.in_layers.0.weight', 'input_blocks.2.0.in_layers.0.weight']),
    ).toBe(2);
    expect(unetPathOf('input_blocks.5.0.in_layers.0.weight', 3)).toBe('down_blocks.1.resnets.0.norm1.weight');
  });
});

test.each([
  ['encoder.down.1.block.0.nin_shortcut.weight', 'encoder.down_blocks.1.resnets.0.conv_shortcut.weight'],
  ['encoder.down.2.downsample.conv.bias', 'encoder.down_blocks.2.downsamplers.0.conv.bias'],
  ['decoder.up.3.block.2.conv1.weight', 'decoder.up_blocks.0.resnets.2.conv1.weight'],
  ['decoder.up.1.upsample.conv.weight', 'decoder.up_blocks.2.upsamplers.0.conv.weight'],
  ['decoder.mid.attn_1.proj_out.weight', 'decoder.mid_block.attentions.0.to_out.0.weight'],
  ['encoder.mid.block_2.norm1.weight', 'encoder.mid_block.resnets.1.norm1.weight'],
  ['encoder.norm_out.bias', 'encoder.conv_norm_out.bias'],
  ['post_quant_conv.weight', 'post_quant_conv.weight'],
  ['loss.discriminator.main.0.weight', undefined],
])('vaePathOf %s', (original, path) => {
  expect(vaePathOf(original, 4)).toBe(path);
});

describe('openClipTensors', () => {
  test('cuts the fused projection into stretches of the file', () => {
    const tensors = openClipTensors(
      new Map([['transformer.resblocks.1.attn.in_proj_weight', tensor([12, 4], 100)]]),
      { projection: false },
    );
    const layer = 'text_model.encoder.layers.1.self_attn';
    expect([...tensors]).toEqual([
      [`${layer}.q_proj.weight`, { ...tensor([4, 4], 100) }],
      [`${layer}.k_proj.weight`, { ...tensor([4, 4], 132) }],
      [`${layer}.v_proj.weight`, { ...tensor([4, 4], 164) }],
    ]);
  });

  test('turns the text projection, leaves out what encodes no text, and blocks beyond those asked for', () => {
    const file = new Map([
      ['text_projection', tensor([4, 6])],
      ['logit_scale', tensor([])],
      ['positional_embedding', tensor([77, 4])],
      ['transformer.resblocks.0.ln_2.bias', tensor([4])],
      ['transformer.resblocks.2.ln_2.bias', tensor([4])],
    ]);
    const all = openClipTensors(file, { projection: true });
    expect(all.get('text_projection.weight')).toMatchObject({ shape: [6, 4], transposed: true });
    expect([...openClipTensors(file, { blocks: 2, projection: false }).keys()]).toEqual([
      'text_model.embeddings.position_embedding.weight',
      'text_model.encoder.layers.0.layer_norm2.bias',
    ]);
  });

  test('refuses a fused projection that is not of three', () => {
    const file = new Map([['transformer.resblocks.0.attn.in_proj_bias', tensor([7])]]);
    expect(() => openClipTensors(file, { projection: false })).toThrow(
      /has the shape \[7\], which is not that of three/,
    );
  });
});

test('clipTensors adds the text_model that some files lack', () => {
  const names = [
    'embeddings.token_embedding.weight',
    'text_model.final_layer_norm.bias',
    'text_model.embeddings.position_ids',
  ];
  expect([...clipTensors(new Map(names.map((name) => [name, tensor([1])]))).keys()]).toEqual([
    'text_model.embeddings.token_embedding.weight',
    'text_model.final_layer_norm.bias',
  ]);
});

test('renamePath takes the longest start of whole segments', () => {
  const names = { a: 'x', 'a.b': 'y' };
  expect(renamePath('a.b.c', names)).toBe('y.c');
  expect(renamePath('a.bc', names)).toBe('x.bc');
  expect(renamePath('ab', names)).toBeUndefined();
  expect(renamePath('toString.a', names)).toBeUndefined();
});

test('nearestNames are those with the fewest letters changed', () => {
  expect(nearestNames('abcd', ['x', 'abcde', 'abxx', 'abcd1e', 'zzzzzz'])).toEqual([
    'abcde',
    'abxx',
    'abcd1e',
  ]);
});
