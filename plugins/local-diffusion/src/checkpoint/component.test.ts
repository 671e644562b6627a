import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { floatTensor, writeSafetensors } from '../../../../test/reference/tensors.js';
import { openComponent } from './component.js';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'easel-component-'));
  await writeFile(join(folder, 'config.json'), '{"act_fn":"silu"}');
});
afterEach(() => rm(folder, { recursive: true }));

const weights = (file: string, ...names: string[]) =>
  writeSafetensors(
    join(folder, file),
    Object.fromEntries(names.map((name) => [name, floatTensor([1], [1])])),
  );
const index = (weightMap: unknown, file = 'model.safetensors.index.json') =>
  writeFile(join(folder, file), JSON.stringify({ metadata: {}, weight_map: weightMap }));

const fails = async (message: RegExp) =>
  expect(openComponent(folder)).rejects.toMatchObject({
    code: 'ERR_MODEL_FILES_INVALID',
    message: expect.stringMatching(message),
  });

describe('openComponent', () => {
  test.each([
    'model.safetensors',
    'diffusion_pytorch_model.safetensors',
    'model.fp16.safetensors',
    'diffusion_pytorch_model.fp16.safetensors',
    'diffusion_pytorch_model.bf16.safetensors',
  ])('opens %s', async (file) => {
    await weights(file, 'a');
    const component = await openComponent(folder);
    expect(component).toMatchObject({ name: basename(folder), config: { act_fn: 'silu' } });
    expect([...component.tensors.keys()]).toEqual(['a']);
  });

  test('prefers the plain file, and opens the variant that is asked for', async () => {
    await weights('model.safetensors', 'plain');
    await weights('model.fp16.safetensors', 'half');
    expect([...(await openComponent(folder)).tensors.keys()]).toEqual(['plain']);
    expect([...(await openComponent(folder, { variant: 'fp16' })).tensors.keys()]).toEqual(['half']);
    await expect(openComponent(folder, { variant: 'bf16' })).rejects.toThrow(
      /no weights of the variant "bf16"/,
    );
  });

  test('gathers shards by their index', async () => {
    await weights('model-00001-of-00002.safetensors', 'a', 'b');
    await weights('model-00002-of-00002.safetensors', 'c');
    await index({
      a: 'model-00001-of-00002.safetensors',
      b: 'model-00001-of-00002.safetensors',
      c: 'model-00002-of-00002.safetensors',
    });
    const { tensors } = await openComponent(folder);
    expect([...tensors].map(([name, { file }]) => [name, basename(file)])).toEqual([
      ['a', 'model-00001-of-00002.safetensors'],
      ['b', 'model-00001-of-00002.safetensors'],
      ['c', 'model-00002-of-00002.safetensors'],
    ]);
  });

  test('opens the shards of a variant', async () => {
    await weights('diffusion_pytorch_model.fp16-00001-of-00001.safetensors', 'a');
    await index(
      { a: 'diffusion_pytorch_model.fp16-00001-of-00001.safetensors' },
      'diffusion_pytorch_model.safetensors.index.fp16.json',
    );
    expect((await openComponent(folder)).tensors.size).toBe(1);
  });

  test('refuses an index that leaves the folder, lacks a shard or promises a tensor that is not there', async () => {
    await index({ a: '../elsewhere.safetensors' });
    await fails(/weight_map\.a is not a plain file name/);
    await index({ a: 'model-00001-of-00001.safetensors' });
    await fails(/model-00001-of-00001\.safetensors cannot be opened/);
    await weights('model-00001-of-00001.safetensors', 'b');
    await fails(/"a" is in model-00001-of-00001\.safetensors, and it is not/);
    await writeFile(join(folder, 'model.safetensors.index.json'), '{}');
    await fails(/weight_map/);
  });

  test('names what is missing or damaged', async () => {
    await fails(/has no weights: expected model\.safetensors/);
    await writeFile(join(folder, 'pytorch_model.bin'), '');
    await fails(/only pytorch_model\.bin, which can run code/);
    await weights('model.safetensors', 'a');
    await writeFile(join(folder, 'config.json'), '{');
    await fails(/config\.json is not valid JSON/);
    await rm(join(folder, 'config.json'));
    await fails(/config\.json cannot be read/);
  });
});
