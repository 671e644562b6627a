import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { readJson } from './read-file.js';
import { readSafetensors } from './safetensors.js';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'easel-safetensors-'));
});
afterAll(() => rm(folder, { recursive: true }));

async function write(content: Uint8Array | string): Promise<string> {
  const path = join(folder, 'model.safetensors');
  await writeFile(path, content);
  return path;
}

function file(header: unknown, dataBytes: number): Buffer {
  const text = Buffer.from(typeof header === 'string' ? header : JSON.stringify(header));
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(text.length));
  return Buffer.concat([length, text, Buffer.alloc(dataBytes)]);
}

const tensor = (begin: number, end: number, shape = [(end - begin) / 4], dtype = 'F32') => ({
  dtype,
  shape,
  data_offsets: [begin, end],
});

describe('readSafetensors', () => {
  test('gives type, shape and absolute place of every tensor, in any order', async () => {
    const header = {
      __metadata__: { format: 'pt' },
      second: tensor(24, 28, [2], 'F16'),
      first: tensor(0, 24, [2, 3]),
      scalar: tensor(28, 36, [], 'I64'),
      empty: tensor(36, 36, [0, 7]),
    };
    const path = await write(file(header, 36));
    const tensors = await readSafetensors(path);
    const dataStart = 8 + Buffer.byteLength(JSON.stringify(header));
    expect([...tensors.keys()]).toEqual(['second', 'first', 'scalar', 'empty']);
    expect(tensors.get('first')).toEqual({
      dtype: 'F32',
      shape: [2, 3],
      file: path,
      offset: dataStart,
      length: 24,
    });
    expect(tensors.get('second')).toMatchObject({ dtype: 'F16', offset: dataStart + 24, length: 4 });
    expect(tensors.get('scalar')).toMatchObject({ shape: [], length: 8 });
  });

  test('accepts a header padded with spaces', async () => {
    const path = await write(file(`${JSON.stringify({ a: tensor(0, 4) })}   `, 4));
    expect((await readSafetensors(path)).size).toBe(1);
  });

  const hugeHeader = Buffer.alloc(64);
  hugeHeader.writeBigUInt64LE(100_000_001n);
  const impossibleHeader = Buffer.alloc(64);
  impossibleHeader.writeBigUInt64LE(2n ** 63n);

  test.each<[string, Uint8Array | string, RegExp]>([
    ['an empty file', '', /0 bytes long/],
    ['a file of a few bytes', 'abc', /3 bytes long/],
    ['a header longer than the file', file({ a: tensor(0, 4) }, 4).subarray(0, 30), /cut short/],
    ['a header beyond the limit', hugeHeader, /longer than the 100000000 bytes/],
    ['a header length of 63 bits', impossibleHeader, /longer than the 100000000 bytes/],
    ['a header that is not JSON', file('{"a": ', 4), /damaged header/],
    ['a header that is an array', file('[1]', 0), /not a JSON object/],
    ['an entry that is not one', file({ a: 3 }, 0), /tensor "a" has a bad entry/],
    ['a negative offset', file({ a: tensor(-4, 0, [1]) }, 4), /tensor "a" has a bad data_offsets/],
    ['a fractional dimension', file({ a: tensor(0, 4, [1.5]) }, 4), /tensor "a" has a bad shape/],
    ['an unknown type', file({ a: tensor(0, 4, [1], 'F4') }, 4), /"F4"/],
    ['a type named like a method', file({ a: tensor(0, 4, [1], 'toString') }, 4), /"toString"/],
    ['offsets the wrong way round', file({ a: tensor(8, 4, [1]) }, 8), /bytes 8 to 4/],
    ['a shape that needs other bytes', file({ a: tensor(0, 8, [3]) }, 8), /needs 12 bytes/],
    ['a shape beyond all numbers', file({ a: tensor(0, 8, [2 ** 52, 2 ** 52]) }, 8), /needs/],
    ['overlapping tensors', file({ a: tensor(0, 8), b: tensor(4, 12) }, 12), /"b" overlaps/],
    ['a gap', file({ a: tensor(0, 4), b: tensor(8, 12) }, 12), /"b" leaves a gap/],
    ['tensors beyond the end', file({ a: tensor(0, 16) }, 10), /cut short: 6 bytes/],
    ['bytes behind the tensors', file({ a: tensor(0, 4) }, 10), /6 bytes behind/],
    ['a zip of pickles', `PK\x03\x04${'x'.repeat(60)}`, /PyTorch checkpoint/],
    ['a pickle', Buffer.from(`\x80\x02}q\x00${'x'.repeat(60)}`, 'latin1'), /Python pickle/],
    ['a Git LFS pointer', 'version https://git-lfs.github.com/spec/v1\noid sha256:0\n', /Git LFS pointer/],
    ['a web page', `<!DOCTYPE html>${' '.repeat(60)}`, /web page/],
  ])('refuses %s', async (_what, content, message) => {
    const path = await write(content);
    const error = await readSafetensors(path).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code: 'ERR_MODEL_FILES_INVALID', message: expect.stringMatching(message) });
    expect((error as Error).message).toContain(path);
  });

  test.each([
    'hunter2',
    'root:x:0:0:root:/root:/bin/bash\n',
    '{"password": "hunter2"}',
    '$6$hunter2'.repeat(40),
  ])('quotes nothing of a file that is something else: %s', async (content) => {
    const path = await write(content);
    const { message } = (await readSafetensors(path).catch((thrown: unknown) => thrown)) as Error;
    const bytes = Buffer.from(content.padEnd(8));
    expect(message).not.toMatch(/hunter2|root:x/);
    expect(message).not.toContain(`${bytes.readBigUInt64LE(0)}`);
    const json = (await readJson(path).catch((thrown: unknown) => thrown)) as Error;
    if (json instanceof Error) expect(json.message).not.toMatch(/hunter2|root:x/);
  });

  test('refuses a file that is not there, and a folder', async () => {
    await expect(readSafetensors(join(folder, 'none'))).rejects.toMatchObject({
      code: 'ERR_MODEL_FILES_INVALID',
    });
    await expect(readSafetensors(folder)).rejects.toMatchObject({ code: 'ERR_MODEL_FILES_INVALID' });
  });
});
