import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { EaselError } from '@easel/plugin-sdk';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { allocateEmbeddingRows } from './embedding-rows.js';
import { readTextualInversion, type TextualInversion } from './textual-inversion.js';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'easel-textual-inversion-'));
});
afterAll(() => rm(folder, { recursive: true }));

interface StoredTensor {
  readonly dtype: string;
  readonly shape: readonly number[];
  readonly bytes: Uint8Array;
}

const floats = (shape: number[], values: number[]): StoredTensor => ({
  dtype: 'F32',
  shape,
  bytes: new Uint8Array(Float32Array.from(values).buffer),
});
const shorts = (dtype: string, values: number[]): StoredTensor => ({
  dtype,
  shape: [1, values.length],
  bytes: new Uint8Array(Uint16Array.from(values).buffer),
});

async function write(name: string, tensors: Record<string, StoredTensor>): Promise<string> {
  let end = 0;
  const header = Object.entries(tensors).map(([key, { dtype, shape, bytes }]) => {
    const begin = end;
    end += bytes.length;
    return [key, { dtype, shape, data_offsets: [begin, end] }];
  });
  const text = Buffer.from(JSON.stringify(Object.fromEntries(header)));
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(text.length));
  const file = join(folder, name);
  await writeFile(file, Buffer.concat([length, text, ...Object.values(tensors).map(({ bytes }) => bytes)]));
  return file;
}

async function codeOf(call: () => unknown): Promise<string> {
  try {
    await call();
  } catch (error) {
    if (EaselError.isInstance(error)) return `${error.code}: ${error.message}`;
    throw error;
  }
  return 'no error';
}

describe('readTextualInversion', () => {
  test("reads webui's emb_params, named like the file", async () => {
    const file = await write('EasyNegative.safetensors', { emb_params: floats([2, 3], [1, 2, 3, 4, 5, 6]) });
    const values = Float32Array.of(1, 2, 3, 4, 5, 6);
    expect(await readTextualInversion(file)).toEqual({
      word: 'EasyNegative',
      file,
      matrices: [{ vectors: 2, width: 3, values }],
    });
    expect((await readTextualInversion(file, 'ugly')).word).toBe('ugly');
  });

  test("reads diffusers' token, of one vector without its first dimension", async () => {
    const file = await write('learned_embeds.safetensors', { '<cat-toy>': floats([3], [1, 2, 3]) });
    const { word, matrices } = await readTextualInversion(file);
    expect(word).toBe('<cat-toy>');
    expect(matrices).toEqual([{ vectors: 1, width: 3, values: Float32Array.of(1, 2, 3) }]);
  });

  test("reads SDXL's pair in the order of its text encoders", async () => {
    const file = await write('style.safetensors', {
      clip_g: floats([1, 3], [1, 2, 3]),
      clip_l: floats([1, 2], [4, 5]),
    });
    const { word, matrices } = await readTextualInversion(file);
    expect(word).toBe('style');
    expect(matrices.map(({ values }) => [...values])).toEqual([
      [4, 5],
      [1, 2, 3],
    ]);
  });

  test.each([
    [
      'F16',
      [0x3c00, 0xc000, 0x0001, 0x8000, 0x7bff, 0x7c00, 0x3555],
      [1, -2, 2 ** -24, -0, 65504, Number.POSITIVE_INFINITY, 0.333251953125],
    ],
    ['BF16', [0x3f80, 0xc000, 0x0001, 0x8000, 0x4049], [1, -2, Math.fround(2 ** -133), -0, 3.140625]],
  ])('reads %s', async (dtype, bits, expected) => {
    const file = await write('half.safetensors', { emb_params: shorts(dtype, bits) });
    expect([...(await readTextualInversion(file)).matrices[0]!.values]).toEqual(expected);
  });

  test.each<[string, Record<string, StoredTensor>]>([
    ['no tensors', {}],
    ['"a", "b"', { a: floats([1], [1]), b: floats([1], [1]) }],
    ['[1,1,1]', { emb_params: floats([1, 1, 1], [1]) }],
    ['[0,3]', { emb_params: floats([0, 3], []) }],
    ['1 and 2', { clip_l: floats([1, 2], [1, 2]), clip_g: floats([2, 1], [1, 2]) }],
    ['stored as I16', { emb_params: shorts('I16', [1]) }],
  ])('refuses a file with %s', async (message, tensors) => {
    const file = await write('bad.safetensors', tensors);
    const error = await codeOf(() => readTextualInversion(file));
    expect(error).toContain('ERR_MODEL_FILES_INVALID');
    expect(error).toContain(file);
    expect(error).toContain(message);
  });
});

describe('allocateEmbeddingRows', () => {
  const inversion = (word: string, ...matrices: [vectors: number, width: number][]): TextualInversion => ({
    word,
    file: `${word}.safetensors`,
    matrices: matrices.map(([vectors, width], encoder) => ({
      vectors,
      width,
      values: Float32Array.from({ length: vectors * width }, (_, i) => 100 * encoder + i + word.length),
    })),
  });

  test('numbers the rows on from the vocabulary, for each text encoder', () => {
    const inversions = [inversion('a', [2, 2], [2, 3]), inversion('bb', [1, 2], [1, 3])];
    const tables = [
      { vocabularySize: 49408, width: 2 },
      { vocabularySize: 50000, width: 3 },
    ];
    expect(allocateEmbeddingRows(inversions, tables)).toEqual([
      {
        placeholders: [
          { word: 'a', ids: [49408, 49409] },
          { word: 'bb', ids: [49410] },
        ],
        rows: Float32Array.of(1, 2, 3, 4, 2, 3),
        shape: [3, 2],
      },
      {
        placeholders: [
          { word: 'a', ids: [50000, 50001] },
          { word: 'bb', ids: [50002] },
        ],
        rows: Float32Array.of(101, 102, 103, 104, 105, 106, 102, 103, 104),
        shape: [3, 3],
      },
    ]);
  });

  test('has no rows where there is nothing to add', () => {
    const [only] = allocateEmbeddingRows([], [{ vocabularySize: 49408, width: 768 }]);
    expect(only).toEqual({ placeholders: [], rows: new Float32Array(0), shape: [0, 768] });
  });

  test.each([
    ['of another width', [inversion('a', [1, 1024])]],
    ['for two text encoders', [inversion('a', [1, 768], [1, 1280])]],
  ])('refuses one %s', async (_, inversions) => {
    const error = await codeOf(() => allocateEmbeddingRows(inversions, [{ vocabularySize: 9, width: 768 }]));
    expect(error).toContain('ERR_MODEL_FILES_INVALID: a.safetensors');
  });

  test('refuses two with one word, in any case', async () => {
    const pair = [inversion('Bad hands', [1, 2]), inversion('bad  hands', [1, 2])];
    const error = await codeOf(() => allocateEmbeddingRows(pair, [{ vocabularySize: 9, width: 2 }]));
    expect(error).toContain('ERR_REQUEST_INVALID');
  });
});
