import { join } from 'node:path';
import { expect, test } from 'vitest';
import { floatTensor, type RawTensor, writeSafetensors } from '../reference/tensors.js';
import {
  differenceOf,
  golden,
  makeImage,
  rawTensors,
  temporaryFolder,
  writeCheckpoint,
} from './tiny-model.js';

const model = golden('d_pipelines/sd_pipeline');
const file = golden('g_lora/lora_kohya.safetensors');
const layer = 'lora_te_text_model_encoder_layers_0_mlp_fc1';

/** An image with the golden LoRA, its tensors changed. */
async function makeWith(
  change: (tensors: Record<string, RawTensor>) => Record<string, RawTensor>,
  request: Record<string, unknown> = {},
) {
  const path = join(await temporaryFolder(), 'lora.safetensors');
  await writeSafetensors(path, change(await rawTensors(file)));
  return await makeImage({ path: model, request, options: { loras: [{ path }] } });
}
const renamed = (tensors: Record<string, RawTensor>, from: string, to: string) =>
  Object.fromEntries(Object.entries(tensors).map(([name, tensor]) => [name.replace(from, to), tensor]));
const ofLayer = (tensors: Record<string, RawTensor>) =>
  Object.fromEntries(Object.entries(tensors).filter(([name]) => name.startsWith(`${layer}.`)));

test.each([
  [
    'bundled textual inversions',
    { 'bundle_emb.mychar.emb_params': floatTensor([2, 32], new Array(64).fill(0)) },
  ],
  ['the difference of a bias', { 'lora_unet_conv_in.diff_b': floatTensor([8], new Array(8).fill(0)) }],
])('a LoRA with %s beside its layers is applied', async (_what, more) => {
  const plain = await makeWith((tensors) => tensors);
  const { rgb, warnings } = await makeWith((tensors) => ({ ...tensors, ...more }));
  expect(differenceOf(rgb, plain.rgb)).toBeLessThan(0.01);
  expect(warnings).toEqual([]);
});

test("a LoRA with ComfyUI's names of a text encoder is applied", async () => {
  const plain = await makeWith((tensors) => tensors);
  const to = 'text_encoders.clip_l.transformer.text_model.encoder.layers.0.mlp.fc1';
  const { rgb } = await makeWith((tensors) => renamed(tensors, layer, to));
  expect(differenceOf(rgb, plain.rgb)).toBe(0);
});

test('a layer that the model lacks is told, and the rest applied', async () => {
  const plain = await makeWith((tensors) => tensors);
  const { rgb, warnings } = await makeWith((tensors) => ({
    ...tensors,
    ...renamed(ofLayer(tensors), 'layers_0', 'layers_23'),
  }));
  expect(differenceOf(rgb, plain.rgb)).toBe(0);
  expect(warnings).toEqual([expect.stringMatching(/^1 of the 296 layers .*layers_23_mlp_fc1/)]);
});

test('the word of a bundled textual inversion can be used in a prompt', async () => {
  const values = Array.from({ length: 64 }, (_, index) => Math.sin(index));
  const bundled = { 'bundle_emb.mychar.string_to_param.*': floatTensor([2, 32], values) };
  const request = { prompt: 'a photo of mychar' };
  const without = await makeWith((tensors) => tensors, request);
  const withIt = await makeWith((tensors) => ({ ...tensors, ...bundled }), request);
  expect(differenceOf(withIt.rgb, without.rgb)).toBeGreaterThan(0.5);
});

test('weights of 8 bits are multiplied by the scale beside them', async () => {
  // 0.5, 1 and -2 in E4M3.
  const codes = [0x30, 0x38, 0xc0];
  const values = [0.5, 1, -2];
  const name = 'model.diffusion_model.time_embed.0.weight';
  const single = await rawTensors(golden('f_single_file/sd15_single.safetensors'));
  const { shape } = single[name]!;
  const count = shape.reduce((one, other) => one * other, 1);
  const cells = Array.from({ length: count }, (_, index) => index % 3);
  const folder = await temporaryFolder();
  const write = (id: string, tensors: Record<string, RawTensor>) =>
    writeCheckpoint(join(folder, `${id}.safetensors`), { ...single, ...tensors }, { like: 'sd_pipeline' });
  const whole = await write('whole', {
    [name]: floatTensor(
      shape,
      cells.map((cell) => values[cell]! * 0.125),
    ),
  });
  const small = await write('small', {
    [name]: { dtype: 'F8_E4M3', shape, bytes: Uint8Array.from(cells, (cell) => codes[cell]!) },
    [name.replace('.weight', '.scale_weight')]: floatTensor([1], [0.125]),
  });
  const [one, other] = [await makeImage({ path: whole }), await makeImage({ path: small })];
  // Codes are multiplied where they are used, so the sums may be added in another order.
  expect(differenceOf(one.rgb, other.rgb)).toBeLessThan(0.001);
});
