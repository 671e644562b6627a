import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { floatTensor, type RawTensor, writeSafetensors } from '../../../../test/reference/tensors.js';
import { unetAndClipTargets as targets } from '../families/components/lora-targets.js';
import { applyLoras } from './apply-loras.js';
import type { Component } from './component.js';
import { openLora } from './lora.js';
import { declaredFactor, readLoraDeclarations } from './lora-metadata.js';
import { parseLoraName } from './lora-names.js';

let folder: string;
let path: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'easel-lora-'));
  path = join(folder, 'style.safetensors');
});
afterEach(() => rm(folder, { recursive: true }));

const zeros = (...shape: number[]): RawTensor =>
  floatTensor(shape, new Float32Array(shape.reduce((product, size) => product * size, 1)));
/** The two matrices of a layer, in kohya's names. */
const pair = (module: string, outputs: number, inputs: number, rank = 2) => ({
  [`${module}.lora_down.weight`]: zeros(rank, inputs),
  [`${module}.lora_up.weight`]: zeros(outputs, rank),
});
const component = (shapes: Record<string, readonly number[]>): Component => ({
  name: 'unet',
  configFile: 'config.json',
  config: {},
  tensors: new Map(
    Object.entries(shapes).map(([name, shape]) => [
      name,
      { dtype: 'F32', shape, file: '/models/unet.safetensors', offset: 0, length: 0 },
    ]),
  ),
});

describe('parseLoraName', () => {
  const attention = 'down_blocks_1_attentions_0_transformer_blocks_0_attn1_to_out_0';
  test.each([
    [`lora_unet_${attention}.lora_up.weight`, 'unet', attention, 'up'],
    [`lora_unet_${attention}.alpha`, 'unet', attention, 'alpha'],
    ['lora_unet_input_blocks_4_1_proj_in.lora_down.weight', 'unet', 'input_blocks_4_1_proj_in', 'down'],
    [
      'lora_te_text_model_encoder_layers_0_mlp_fc1.lora_down.weight',
      'text_encoder',
      'text_model_encoder_layers_0_mlp_fc1',
      'down',
    ],
    [
      'lora_te1_text_model_encoder_layers_0_mlp_fc1.alpha',
      'text_encoder',
      'text_model_encoder_layers_0_mlp_fc1',
      'alpha',
    ],
    ['lora_te2_text_projection.lora_up.weight', 'text_encoder_2', 'text_projection', 'up'],
    ['unet.mid_block.attentions.0.proj_in.lora_A.weight', 'unet', 'mid_block_attentions_0_proj_in', 'down'],
    [
      'base_model.model.mid_block.resnets.0.conv1.lora_B.default.weight',
      'unet',
      'mid_block_resnets_0_conv1',
      'up',
    ],
    [
      'text_encoder_2.text_model.encoder.layers.3.self_attn.q_proj.lora_B.weight',
      'text_encoder_2',
      'text_model_encoder_layers_3_self_attn_q_proj',
      'up',
    ],
    [
      'unet.up_blocks.1.attn1.processor.to_out_lora.down.weight',
      'unet',
      'up_blocks_1_attn1_to_out_0',
      'down',
    ],
    ['mid_block.attn1.processor.to_k_lora.up.weight', 'unet', 'mid_block_attn1_to_k', 'up'],
    [
      'text_encoder.text_model.encoder.layers.0.self_attn.to_out_lora.up.weight',
      'text_encoder',
      'text_model_encoder_layers_0_self_attn_out_proj',
      'up',
    ],
    [
      'text_encoder.text_model.encoder.layers.0.self_attn.k_proj.lora_linear_layer.down.weight',
      'text_encoder',
      'text_model_encoder_layers_0_self_attn_k_proj',
      'down',
    ],
    ['base_model.model.conv_norm.lora_A.weight', 'unet', 'conv_norm', 'down'],
    ['unet.mid_block.attn2.to_q.lora.down.weight', 'unet', 'mid_block_attn2_to_q', 'down'],
  ])('%s', (name, target, module, part) => {
    expect(parseLoraName(name, targets)).toMatchObject({ target: { component: target }, module, part });
  });

  test.each(['model.diffusion_model.out.2.weight', 'transformer.x.lora_A.weight', ''])(
    'knows nothing by "%s"',
    (name) => expect(parseLoraName(name, targets)).toBeUndefined(),
  );
});

describe('openLora', () => {
  test('reads ranks and alphas', async () => {
    await writeSafetensors(path, {
      ...pair('lora_unet_a', 8, 6, 4),
      'lora_unet_a.alpha': floatTensor([], [1]),
      ...pair('lora_te_b', 8, 6, 4),
    });
    const { layers } = await openLora(path, targets);
    expect(layers).toMatchObject([
      { target: { component: 'unet' }, module: 'a', name: 'lora_unet_a', factor: 0.25 },
      { target: { component: 'text_encoder' }, module: 'b', factor: 1 },
    ]);
  });

  test.each<[string, Record<string, RawTensor>, RegExp]>([
    [
      'a matrix alone',
      { 'lora_unet_a.lora_up.weight': zeros(4, 2) },
      /"lora_unet_a" has only one of the two/,
    ],
    [
      'matrices that do not meet',
      { 'lora_unet_a.lora_up.weight': zeros(4, 3), 'lora_unet_a.lora_down.weight': zeros(2, 4) },
      /shapes \[2,4\] and \[4,3\]/,
    ],
    ['a part of a LoHa', { 'lora_unet_a.hada_w1_a': zeros(4, 2) }, /"lora_unet_a" has no "hada_w1_b"/],
    ['a part of a LoKr', { 'lora_unet_a.lokr_w1': zeros(2, 2) }, /has no "lokr_w2_a"/],
    ["an OFT of PEFT's", { 'base_model.model.unet.a.oft_R.weight': zeros(2, 2) }, /is one of PEFT's OFTs/],
    ['no rotations', { 'lora_unet_a.oft_blocks': zeros(2, 2, 3) }, /no rotations/],
    [
      'an alpha that is not finite',
      { ...pair('lora_unet_a', 4, 4), 'lora_unet_a.alpha': floatTensor([], [Number.NaN]) },
      /the alpha of "lora_unet_a" is NaN/,
    ],
    [
      'names of another model',
      { 'transformer.a.lora_A.weight': zeros(1) },
      /nothing is known by .* "transformer\.a\.lora_A\.weight"/,
    ],
    [
      'one layer by two names',
      { ...pair('lora_te_a', 4, 4), ...pair('lora_te1_a', 4, 4) },
      /changes one layer twice/,
    ],
    ['no tensors', {}, /changes no layer/],
  ])('refuses %s', async (_what, tensors, message) => {
    await writeSafetensors(path, tensors);
    await expect(openLora(path, targets)).rejects.toMatchObject({
      code: 'ERR_MODEL_FILES_INVALID',
      message: expect.stringMatching(message),
    });
  });

  test.each([
    ['I64', new BigInt64Array([4n])],
    ['I32', new Int32Array([4])],
    ['U8', new Uint8Array([4])],
  ])('reads alphas of %s', async (dtype, values) => {
    await writeSafetensors(path, {
      ...pair('lora_unet_a', 8, 6, 8),
      'lora_unet_a.alpha': { dtype, shape: [], bytes: new Uint8Array(values.buffer) },
    });
    expect((await openLora(path, targets)).layers[0]!.factor).toBe(0.5);
  });

  test('tells of names that nobody knows, and reads the rest', async () => {
    await writeSafetensors(path, { ...pair('lora_unet_a', 8, 6), 'lora_unet_a.reshape_weight': zeros(2) });
    const { layers, warnings } = await openLora(path, targets);
    expect(layers).toHaveLength(1);
    expect(warnings).toEqual([
      expect.stringMatching(
        /nothing is known by the names "lora_unet_a\.reshape_weight"; they had no effect/,
      ),
    ]);
  });

  const components = ['unet', 'text_encoder', 'text_encoder_2'];
  const layer = (module: string, name = module.replaceAll('_', '.'), rank = 4) => ({ module, name, rank });

  test('takes the alphas of the metadata where the file has none', async () => {
    const text = JSON.stringify({
      'unet.lora_alpha': 8,
      'unet.alpha_pattern': { 'attn1.to_q': 2 },
      'text_encoder.lora_alpha': 8,
      'text_encoder.use_rslora': true,
    });
    const read = (metadata: string) =>
      readLoraDeclarations(path, {
        metadata: new Map([['lora_adapter_metadata', metadata]]),
        components,
        isPeft: false,
      });
    const declared = await read(text);
    expect(declaredFactor(declared, 'unet', layer('mid_block_attn1_to_q'))).toBe(0.5);
    expect(declaredFactor(declared, 'unet', layer('mid_block_attn1_to_k'))).toBe(2);
    expect(declaredFactor(declared, 'text_encoder', layer('a'))).toBe(4);
    expect(declaredFactor(declared, 'text_encoder_2', layer('a'))).toBe(1);
    await expect(read('[')).rejects.toThrow(/cannot be read/);
  });

  test('takes them from the config beside a file of PEFT, whose patterns match the end of a name', async () => {
    const config = { lora_alpha: 8, alpha_pattern: { '.*mid_block.*to_out\\.0': 1 }, use_rslora: false };
    await writeFile(join(folder, 'adapter_config.json'), JSON.stringify(config));
    const from = { metadata: new Map<string, string>(), components, isPeft: true };
    const declared = await readLoraDeclarations(path, from);
    expect(declared.files).toEqual([join(folder, 'adapter_config.json')]);
    const factorOf = (name: string) =>
      declaredFactor(declared, 'unet', layer(name.replaceAll('.', '_'), name));
    expect(factorOf('base_model.model.mid_block.attn1.to_out.0')).toBe(0.25);
    expect(factorOf('base_model.model.up_blocks.0.attn1.to_out.0')).toBe(2);
    expect((await readLoraDeclarations(path, { ...from, isPeft: false })).files).toEqual([]);
  });
});

describe('applyLoras', () => {
  const unet = component({
    'down_blocks.0.resnets.0.conv1.weight': [8, 8, 3, 3],
    'down_blocks.0.resnets.1.conv1.weight': [8, 8, 3, 3],
    'down_blocks.1.attentions.0.transformer_blocks.0.attn2.to_k.weight': [8, 768],
    'mid_block.resnets.0.time_emb_proj.weight': [8, 6],
  });
  const textEncoder = component({ 'text_model.embeddings.token_embedding.weight': [9, 6] });
  const apply = async (tensors: Record<string, RawTensor>) => {
    await writeSafetensors(path, tensors);
    return applyLoras({ unet, text_encoder: textEncoder }, [await openLora(path, targets)], {
      titleOfLora: () => made,
      model: 'this model',
      warn: (message) => warnings.push(message),
    });
  };
  let made: string;
  let warnings: string[];
  beforeEach(() => {
    made = 'another model';
    warnings = [];
  });

  test('applies what fits a model of the same kind, and tells of the rest', async () => {
    made = 'this model';
    const applied = await apply({
      ...pair('lora_unet_middle_block_0_emb_layers_1', 8, 6),
      ...pair('lora_unet_gone', 8, 6),
    });
    expect([...applied.unet.loras![0]!.layers.keys()]).toEqual(['mid_block.resnets.0.time_emb_proj']);
    expect(warnings).toEqual([
      expect.stringMatching(
        /^1 of the 2 layers of .* had no effect: .*"lora_unet_gone", which the model does not have\.$/,
      ),
    ]);
  });

  test('finds layers by diffusers and by original names', async () => {
    const applied = await apply({
      ...pair('lora_unet_input_blocks_4_1_transformer_blocks_0_attn2_to_k', 8, 768),
      ...pair('lora_unet_middle_block_0_emb_layers_1', 8, 6),
    });
    expect([...applied.unet.loras![0]!.layers.keys()]).toEqual([
      'down_blocks.1.attentions.0.transformer_blocks.0.attn2.to_k',
      'mid_block.resnets.0.time_emb_proj',
    ]);
    expect(applied.text_encoder).toBe(textEncoder);
  });

  test.each<[string, Record<string, RawTensor>, RegExp]>([
    [
      'a layer that is not there',
      pair('lora_unet_gone', 8, 6),
      /1 of its 1 layers have no place in it: "lora_unet_gone", which the model does not have/,
    ],
    [
      'a network that is not there',
      pair('lora_te2_a', 8, 6),
      /"lora_te2_a", which the model has no network for/,
    ],
    [
      'another shape',
      pair('lora_unet_mid_block_resnets_0_time_emb_proj', 8, 7),
      /for a layer of \[8,7\], which is one of \[8,6\]/,
    ],
    [
      'an embedding',
      pair('lora_te_text_model_embeddings_token_embedding', 9, 6),
      /which the model does not have/,
    ],
    [
      'another family',
      pair('lora_unet_down_blocks_1_attentions_0_transformer_blocks_0_attn2_to_k', 8, 2048),
      /It was made for another model\./,
    ],
  ])('refuses %s', async (_what, tensors, message) => {
    await expect(apply(tensors)).rejects.toMatchObject({
      code: 'ERR_MODEL_FILES_INVALID',
      message: expect.stringMatching(message),
      hint: 'Use a LoRA for this model.',
    });
  });

  test('names a few of many', async () => {
    const many = Array.from({ length: 9 }, (_, index) => pair(`lora_unet_gone_${index}`, 8, 6));
    await expect(apply(Object.assign({}, ...many))).rejects.toThrow(
      /9 of its 9 layers .*gone_0.*gone_2.*; and 6 more\./,
    );
  });
});
