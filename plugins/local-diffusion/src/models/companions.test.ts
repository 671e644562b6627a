import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { type Shapes, writeHollowFile } from '../../../../test/reference/original-checkpoint.js';
import { readTensorFile } from '../checkpoint/tensor-file.js';
import { flux2 } from '../families/flux-2/index.js';
import { findCompanion } from './companions.js';

const attention = 'model.layers.0.self_attn';
const qwen3 = (width: number): Shapes => ({
  'model.embed_tokens.weight': [2, width],
  [`${attention}.q_norm.weight`]: [128],
});
const qwen25: Shapes = { 'model.embed_tokens.weight': [2, 4096], [`${attention}.q_proj.bias`]: [128] };
const widths = { '4B': 7680, '9B': 12_288 };

/** A FLUX.2 in a folder of ComfyUI's, beside text encoders, and what is found for it. */
async function find(
  size: keyof typeof widths,
  encoders: Readonly<Record<string, Shapes | 'damaged'>>,
  [own, others] = ['diffusion_models', 'text_encoders'],
) {
  const folder = await mkdtemp(join(tmpdir(), 'easel-companions-'));
  onTestFinished(() => rm(folder, { recursive: true }));
  for (const name of [own, others]) await mkdir(join(folder, name), { recursive: true });
  const path = join(folder, own, 'flux-2-klein.safetensors');
  await writeHollowFile(path, {
    'double_stream_modulation_img.lin.weight': [6, 1],
    'txt_in.weight': [1, widths[size]],
  });
  for (const [name, shapes] of Object.entries(encoders)) {
    const file = join(folder, others, `${name}.safetensors`);
    if (name === 'model') await writeFile(join(folder, others, 'config.json'), '{}');
    await (shapes === 'damaged' ? writeFile(file, 'damaged') : writeHollowFile(file, shapes));
  }
  const { componentsOf, companions = [] } = flux2.singleFile!;
  const denoiser = componentsOf((await readTensorFile(path)).tensors).get('transformer')!;
  const wanted = companions.find(({ name }) => name === 'text_encoder')!;
  return await findCompanion(path, wanted, denoiser);
}

const both = { qwen_3_4b: qwen3(2560), qwen_3_8b: qwen3(4096) };

test.each([
  ['9B', /qwen_3_8b\.safetensors$/],
  ['4B', /qwen_3_4b\.safetensors$/],
] as const)(
  'FLUX.2 of %s takes its own text encoder where that of the other size lies beside it',
  async (size, file) => {
    const found = await find(size, both);
    expect(found?.path).toMatch(file);
    expect(found?.warning).toBeUndefined();
  },
);

test('a text encoder of another size alone is refused by its name and what it writes', async () => {
  await expect(find('9B', { qwen_3_4b: both.qwen_3_4b })).rejects.toThrow(
    /qwen_3_4b\.safetensors is called like .*, and writes text 7680 wide, and the denoising network reads text 12288 wide/,
  );
});

test('a text encoder of another kind is refused, whatever its name', async () => {
  await expect(find('9B', { qwen_3_8b: qwen25 })).rejects.toThrow(
    /qwen_3_8b\.safetensors is called like .*, and is no Qwen3/,
  );
});

test('of several that would do the first is taken and told', async () => {
  const found = await find('9B', { qwen_3_8b: both.qwen_3_8b, qwen_3_8b_fp8: both.qwen_3_8b });
  expect(found?.path).toMatch(/qwen_3_8b\.safetensors$/);
  expect(found?.warning).toMatch(
    /^2 files in .* may go with flux-2-klein\.safetensors: qwen_3_8b\.safetensors was taken/,
  );
});

test('a damaged file is told where there is no other, and left where there is one', async () => {
  await expect(find('4B', { qwen_3_4b: 'damaged' })).rejects.toThrow(/qwen_3_4b\.safetensors/);
  const found = await find('4B', { a_qwen_3_4b: 'damaged', qwen_3_4b: both.qwen_3_4b });
  expect(found?.path).toMatch(/\/qwen_3_4b\.safetensors$/);
});

test('the folders of Forge are looked through, whatever the case of their names', async () => {
  const found = await find('4B', both, ['Stable-diffusion', 'Text_Encoder']);
  expect(found?.path).toMatch(/Text_Encoder.qwen_3_4b\.safetensors$/);
});

test('a text encoder in a folder of its own is found as InvokeAI keeps it', async () => {
  const folders: [string, string] = ['flux/main', 'any/qwen3_encoder/Qwen3-4B/text_encoder'];
  const found = await find('4B', { model: both.qwen_3_4b }, folders);
  expect(found?.path).toMatch(/Qwen3-4B.text_encoder$/);
  expect(await find('9B', { model: both.qwen_3_4b }, folders)).toBeUndefined();
});

test('one of another name is taken by its tensors where none is called so, and told', async () => {
  const found = await find('4B', { clip_l: qwen25, encoder_of_text: both.qwen_3_4b, large: both.qwen_3_8b });
  expect(found?.path).toMatch(/encoder_of_text\.safetensors$/);
  expect(found?.warning).toMatch(
    /is called like qwen_3_4b\.safetensors: encoder_of_text\.safetensors was taken/,
  );
});

test('nothing is found where nothing is such an encoder', async () => {
  expect(await find('4B', { clip_l: qwen25, damaged: 'damaged' })).toBeUndefined();
});
