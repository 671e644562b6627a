import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { damage, randomNumbers, survives } from '../../../../../test/fixtures/damage.js';
import { floatTensor, type RawTensor, writeSafetensors } from '../../../../../test/reference/tensors.js';
import { readSafetensorsFile } from '../safetensors.js';
import { withPackings } from './packed-tensors.js';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'easel-packed-'));
});
afterAll(() => rm(folder, { recursive: true }));

const bytes = (dtype: string, shape: readonly number[]): RawTensor => ({
  ...{ dtype, shape },
  bytes: new Uint8Array(shape.reduce((product, size) => product * size, 1)),
});
const text = (value: unknown): RawTensor => {
  const own = Buffer.from(JSON.stringify(value));
  return { dtype: 'U8', shape: [own.length], bytes: own };
};
const floats = (...shape: readonly number[]): RawTensor =>
  floatTensor(shape, new Float32Array(shape.reduce((product, size) => product * size, 1)));
const state = (shape: readonly number[]) => text({ shape, blocksize: 64 });

async function read(tensors: Readonly<Record<string, RawTensor>>) {
  const path = join(folder, 'weights.safetensors');
  await writeSafetensors(path, tensors);
  return await withPackings(path, await readSafetensorsFile(path));
}

test.each<[string, Record<string, RawTensor>, RegExp]>([
  ['int8 without a scale', { 'a.weight': bytes('I8', [4, 8]) }, /no scale beside it/],
  [
    'int8 with scales of other rows',
    { 'a.weight': bytes('I8', [4, 8]), 'a.weight_scale': floats(3) },
    /has 3 scales, and not one for each row/,
  ],
  [
    'rows turned in stretches that they have not',
    {
      ...{ 'a.weight': bytes('I8', [4, 8]), 'a.weight_scale': floats(4, 1) },
      'a.comfy_quant': text({ format: 'int8_tensorwise', convrot: true, convrot_groupsize: 256 }),
    },
    /cannot have been turned in stretches of 256/,
  ],
  [
    'int4 with scales of other rows',
    {
      ...{ 'a.weight': bytes('I8', [4, 32]), 'a.weight_scale': floats(3) },
      'a.comfy_quant': text({ format: 'convrot_w4a4', convrot_groupsize: 64 }),
    },
    /\[4,64\] has 3 scales, and not one for each row/,
  ],
  [
    'int4 turned in stretches that its rows have not',
    {
      ...{ 'a.weight': bytes('I8', [4, 32]), 'a.weight_scale': floats(4) },
      'a.comfy_quant': text({ format: 'convrot_w4a4' }),
    },
    /cannot have been turned in stretches of 256/,
  ],
  [
    'nf4 of another size than its shape',
    { 'a.weight': bytes('U8', [16]), 'a.weight.quant_state.bitsandbytes__nf4': state([8, 8]) },
    /has 16 bytes, which are not \[8,8\] of 4 bits/,
  ],
  [
    'nf4 without its table',
    { 'a.weight': bytes('U8', [32]), 'a.weight.quant_state.bitsandbytes__nf4': state([8, 8]) },
    /"a\.weight\.quant_map" has no elements|"a\.weight\.absmax" has no elements/,
  ],
  [
    'nf4 whose settings are no JSON',
    { 'a.weight': bytes('U8', [32]), 'a.weight.quant_state.bitsandbytes__nf4': bytes('U8', [3]) },
    /is not valid JSON/,
  ],
  [
    'mxfp8 whose scales are of another size',
    { 'a.weight': bytes('F8_E4M3', [128, 128]), 'a.weight_scale': bytes('U8', [128, 8]) },
    /have the shape \[128,8\], and not \[128,4\]/,
  ],
])('refuses %s', async (_what, tensors, message) => {
  await expect(read(tensors)).rejects.toThrow(message);
});

test('what belongs to a weight is no tensor beside it', async () => {
  const tensors = await read({
    ...{ 'a.weight': bytes('I8', [4, 8]), 'a.weight_scale': floats(4, 1), 'a.bias': floats(4) },
    'a.comfy_quant': text({ format: 'int8_tensorwise' }),
  });
  expect([...tensors.keys()]).toEqual(['a.weight', 'a.bias']);
  expect(tensors.get('a.weight')).toMatchObject({ shape: [4, 8], packing: { kind: 'scaled' } });
});

test('a matrix of int4 has two columns for each byte', async () => {
  const tensors = await read({
    ...{ 'a.weight': bytes('I8', [4, 32]), 'a.weight_scale': floats(4) },
    'a.comfy_quant': text({ format: 'convrot_w4a4', convrot_groupsize: 64 }),
  });
  expect(tensors.get('a.weight')).toMatchObject({ shape: [4, 64], packing: { kind: 'int4', rotation: 64 } });
});

test('damaged files are read inside of their bounds, or refused', async () => {
  const source = new URL(
    '../../../../../test/golden/i_quantised/safetensors_types/bnb_nf4_nested.safetensors',
    import.meta.url,
  );
  const whole = await readFile(fileURLToPath(source));
  const random = randomNumbers(20261129);
  const path = join(folder, 'damaged.safetensors');
  for (let index = 0; index < 1000; index += 1) {
    await writeFile(path, damage(whole, random));
    const { size } = await stat(path);
    await survives(async () => {
      for (const { offset, length } of (await withPackings(path, await readSafetensorsFile(path))).values())
        expect(offset + length).toBeLessThanOrEqual(size);
    });
  }
});
