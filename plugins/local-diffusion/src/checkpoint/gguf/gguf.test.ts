import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { survives } from '../../../../../test/fixtures/damage.js';
import { readTensorFile } from '../tensor-file.js';
import { blockTypes } from './block-types.js';
import { readGguf } from './gguf.js';

const golden = (name: string): string =>
  fileURLToPath(
    new URL(`../../../../../test/golden/i_quantised/gguf_container/good/${name}`, import.meta.url),
  );
const sources = ['v3_all_kinds', 'v2_all_kinds', 'align8', 'nested_array', 'orig_shape', 'no_architecture'];
const mutatedFiles = 10_000;
/** Twenty times what it takes on a machine that does nothing else. */
const limitMs = 600_000;

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'easel-gguf-'));
});
afterAll(() => rm(folder, { recursive: true }));

/**
 * One change of a file: other bytes, an extreme number, a cut, a piece left out or put in again. Places are
 * shares of its length.
 */
const place = fc.double({ min: 0, max: 1, noNaN: true });
const extremes = [0n, 1n, 2n ** 31n, 2n ** 32n - 1n, 2n ** 40n, 2n ** 53n, 2n ** 63n, 2n ** 64n - 1n];
const change = fc.oneof(
  fc.record({ kind: fc.constant('bytes'), at: place, bytes: fc.uint8Array({ minLength: 1, maxLength: 8 }) }),
  fc.record({
    kind: fc.constant('bytes'),
    at: place,
    bytes: fc.constantFrom(...extremes).map((value) => new Uint8Array(BigUint64Array.of(value).buffer)),
  }),
  fc.record({ kind: fc.constant('cut'), at: place, bytes: fc.constant(new Uint8Array()) }),
  fc.record({ kind: fc.constant('omit'), at: place, bytes: fc.uint8Array({ maxLength: 12 }) }),
  fc.record({ kind: fc.constant('insert'), at: place, bytes: fc.uint8Array({ maxLength: 12 }) }),
);

type Change = typeof change extends fc.Arbitrary<infer Value> ? Value : never;

function changed(file: Buffer, { kind, at, bytes }: Change): Buffer {
  // Most of what is read is in the header, so that places crowd at the start.
  const from = Math.floor(at * at * file.length);
  const before = file.subarray(0, from);
  if (kind === 'cut') return before;
  if (kind === 'omit') return Buffer.concat([before, file.subarray(from + bytes.length)]);
  if (kind === 'insert') return Buffer.concat([before, bytes, file.subarray(from)]);
  return Buffer.concat([before, bytes, file.subarray(from + bytes.length)]);
}

test(
  'damaged files of GGUF are read inside of their bounds, or refused',
  async () => {
    const files = await Promise.all(sources.map((name) => readFile(golden(`${name}.gguf`))));
    const whole = [...files, ofAllBlockTypes()];
    const path = join(folder, 'damaged.gguf');
    let read = 0;
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(...whole),
        fc.array(change, { minLength: 1, maxLength: 3 }),
        async (file, changes) => {
          await writeFile(path, changes.reduce(changed, file));
          const { size } = await stat(path);
          const isRead = await survives(async () => {
            const { tensors } = await readGguf(path);
            for (const { offset, length, shape } of tensors.values()) {
              expect(offset + length).toBeLessThanOrEqual(size);
              expect(shape.every((each) => Number.isSafeInteger(each) && each > 0)).toBe(true);
            }
          });
          if (isRead) read += 1;
        },
      ),
      { numRuns: mutatedFiles, seed: 20261129 },
    );
    // Some damage changes only names and numbers; most of it has to be noticed.
    expect(read).toBeGreaterThan(0);
    expect(read).toBeLessThan(0.7 * mutatedFiles);
  },
  limitMs,
);

test('a header longer than the part that is read at first is read whole', async () => {
  const path = join(folder, 'long.gguf');
  const value = Buffer.alloc(3 * 1024 ** 2, 'a');
  await writeFile(path, Buffer.concat([header(1n, value.length), value]));
  const { metadata } = await readGguf(path);
  expect(metadata.get('k')).toBe(value.toString());
});

test('a file that says it has gigabytes of text is refused without being read into memory', async () => {
  const path = join(folder, 'greedy.gguf');
  await writeFile(path, header(1n, 2 ** 40));
  await expect(readGguf(path)).rejects.toThrow(/do not fit into its/);
});

test('a GGUF file is read as one whatever it is called', async () => {
  const path = join(folder, 'renamed.safetensors');
  await writeFile(path, await readFile(golden('v3_all_kinds.gguf')));
  const { tensors, metadata } = await readTensorFile(path);
  expect(tensors.get('blk.w')).toMatchObject({ dtype: 'Q8_0', shape: [3, 64] });
  expect(metadata.get('general.architecture')).toBe('flux');
});

test('a file with a tensor of each type of blocks is read', async () => {
  const path = join(folder, 'all.gguf');
  await writeFile(path, ofAllBlockTypes());
  const { tensors } = await readGguf(path);
  expect([...tensors.values()].map(({ dtype }) => dtype)).toEqual(Object.keys(blockTypes));
});

/** A file with two blocks of each type, a tensor each. */
function ofAllBlockTypes(): Buffer {
  const types = Object.entries(blockTypes);
  const start = Buffer.alloc(24);
  start.write('GGUF', 0, 'latin1');
  start.writeUInt32LE(3, 4);
  start.writeBigUInt64LE(BigInt(types.length), 8);
  let bytes = 0;
  const infos = types.map(([name, type]) => {
    const info = Buffer.alloc(8 + name.length + 4 + 8 + 4 + 8);
    info.writeBigUInt64LE(BigInt(name.length), 0);
    const end = 8 + info.write(name, 8, 'latin1');
    info.writeUInt32LE(1, end);
    info.writeBigUInt64LE(BigInt(2 * type.elements), end + 4);
    info.writeUInt32LE(type.number, end + 12);
    info.writeBigUInt64LE(BigInt(bytes), end + 16);
    bytes += aligned(2 * type.bytes);
    return info;
  });
  const head = Buffer.concat([start, ...infos]);
  return Buffer.concat([head, Buffer.alloc(aligned(head.length) - head.length + bytes)]);
}

const aligned = (bytes: number): number => Math.ceil(bytes / 32) * 32;

/** A file without tensors up to the one value "k" of its metadata, a text of so many bytes. */
function header(entries: bigint, textBytes: number): Buffer {
  const bytes = Buffer.alloc(24 + 8 + 1 + 4 + 8);
  bytes.write('GGUF', 0, 'latin1');
  bytes.writeUInt32LE(3, 4);
  bytes.writeBigUInt64LE(entries, 16);
  bytes.writeBigUInt64LE(1n, 24);
  bytes.write('k', 32, 'latin1');
  bytes.writeUInt32LE(8, 33);
  bytes.writeBigUInt64LE(BigInt(textBytes), 37);
  return bytes;
}
