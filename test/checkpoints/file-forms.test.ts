import { cp, readFile, rm, writeFile } from 'node:fs/promises';
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

const single = golden('f_single_file/sd15_single.safetensors');
const folder = golden('d_pipelines/sd_pipeline');
const renamed = (tensors: Record<string, RawTensor>, rename: (name: string) => string) =>
  Object.fromEntries(Object.entries(tensors).map(([name, tensor]) => [rename(name), tensor]));

test.each<[string, string, (tensors: Record<string, RawTensor>) => Record<string, RawTensor>]>([
  ['an extension in capitals', 'a.SAFETENSORS', (tensors) => tensors],
  ['the short extension', 'a.sft', (tensors) => tensors],
  ['names below state_dict.', 'a.safetensors', (tensors) => renamed(tensors, (name) => `state_dict.${name}`)],
  [
    'moving averages alone',
    'a.safetensors',
    (tensors) =>
      renamed(tensors, (name) =>
        name.startsWith('model.diffusion_model.')
          ? `model_ema.${name.slice('model.'.length).replaceAll('.', '')}`
          : name,
      ),
  ],
])('a checkpoint with %s makes the same image', async (_what, name, change) => {
  const tensors = change(await rawTensors(single));
  const path = await writeCheckpoint(join(await temporaryFolder(), name), tensors, { like: 'sd_pipeline' });
  const plain = await makeImage({ path: folder });
  expect(differenceOf((await makeImage({ path })).rgb, plain.rgb)).toBe(0);
});

test('a tokenizer in tokenizer.json alone makes the same image', async () => {
  const path = join(await temporaryFolder(), 'model');
  await cp(folder, path, { recursive: true });
  const place = (name: string) => join(path, 'tokenizer', name);
  const vocab = JSON.parse(await readFile(place('vocab.json'), 'utf8'));
  const lines = (await readFile(place('merges.txt'), 'utf8'))
    .split('\n')
    .filter((line) => /^\S+ \S+$/.test(line));
  const pairs = lines.filter((line) => !line.startsWith('#version'));
  await Promise.all([rm(place('vocab.json')), rm(place('merges.txt'))]);
  const plain = await makeImage({ path: folder });
  for (const merges of [pairs, pairs.map((line) => line.split(' '))]) {
    await writeFile(place('tokenizer.json'), JSON.stringify({ model: { vocab, merges } }));
    expect(differenceOf((await makeImage({ path })).rgb, plain.rgb)).toBe(0);
  }
  await writeFile(place('tokenizer.json'), JSON.stringify({ model: { vocab: [] } }));
  await expect(makeImage({ path })).rejects.toThrow(/tokenizer\.json is not of a CLIP tokenizer/);
});

test('an autoencoder whose names begin with vae. is taken', async () => {
  const tensors = await rawTensors(join(folder, 'vae/diffusion_pytorch_model.safetensors'));
  const vae = join(await temporaryFolder(), 'vae.safetensors');
  await writeSafetensors(
    vae,
    renamed(tensors, (name) => `vae.${name}`),
  );
  const plain = await makeImage({ path: folder });
  expect(differenceOf((await makeImage({ path: folder, options: { vae } })).rgb, plain.rgb)).toBe(0);
});

test('a TAESD in one file decodes like that in a folder', async () => {
  const source = golden('c_models/taesd');
  const tensors = await rawTensors(join(source, 'diffusion_pytorch_model.safetensors'));
  const own = join(await temporaryFolder(), 'taesd_decoder.safetensors');
  const decoder = Object.entries(tensors).filter(([name]) => name.startsWith('decoder.layers.'));
  await writeSafetensors(
    own,
    Object.fromEntries(
      decoder.map(([name, tensor]) => [
        name.replace(/^decoder\.layers\.(\d+)/, (_all, layer: string) => String(Number(layer) + 1)),
        tensor,
      ]),
    ),
  );
  const make = (path: string) =>
    makeImage({ path: folder, options: { tinyDecoder: { path, use: 'always' } } });
  const expected = await make(source);
  for (const path of [own, join(source, 'diffusion_pytorch_model.safetensors')])
    expect(differenceOf((await make(path)).rgb, expected.rgb)).toBe(0);
  await expect(make(single)).rejects.toThrow(/is not a decoder of TAESD/);
});

test("embeddings of diffusers' older pivotal tuning are read", async () => {
  const path = join(await temporaryFolder(), 'pivot.safetensors');
  const rows = (width: number) =>
    floatTensor(
      [2, width],
      Array.from({ length: 2 * width }, (_, index) => Math.sin(index)),
    );
  await writeSafetensors(path, { text_encoders_0: rows(32), text_encoders_1: rows(24) });
  const made = await makeImage({
    path: golden('d_pipelines/sdxl_pipeline'),
    type: 'sdxl',
    request: { prompt: 'a pivot' },
    options: { embeddings: [{ path }] },
  });
  expect(made.warnings).toEqual([]);
});
