import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { z } from 'zod';
import type { TensorLocation } from '../checkpoint/tensor-location.js';

const width = 2048;
const layers = 12;
const float32Bytes = 4 * width * width;
const storedBytes = { F16: 2, BF16: 2, F8_E4M3: 1, I8: 1, nf4: 0.5, IQ2_XS: 74 / 256 } as const;

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'easel-held-'));
});
afterAll(() => rm(folder, { recursive: true }));

/** A matrix of small numbers, and behind it float32 scales of 1/64. */
async function writeMatrix(kind: keyof typeof storedBytes): Promise<string> {
  const bytes = width * width * storedBytes[kind];
  const scales = Math.max(width, (width * width) / 64);
  const data = Buffer.alloc(bytes + 4 * (scales + 16));
  for (let at = 0; at < bytes; at += 1) data[at] = at % 7;
  // The upper byte of a number of two: small, and positive.
  if (kind === 'F16' || kind === 'BF16') for (let at = 1; at < bytes; at += 2) data[at] = 0x28;
  for (let index = 0; index < scales; index += 1) data.writeFloatLE(1 / 64, bytes + 4 * index);
  for (let index = 0; index < 16; index += 1)
    data.writeFloatLE((index - 8) / 8, bytes + 4 * (scales + index));
  const path = join(folder, `${kind}.bin`);
  await writeFile(path, data);
  return path;
}

const measuredSchema = z.object({
  grownBytes: z.number(),
  plannedBytes: z.number(),
  weightBytes: z.number(),
});
const run = promisify(execFile);

/** Opens and runs a network of such matrices in a process of its own. */
async function measure(kind: keyof typeof storedBytes) {
  const file = await writeMatrix(kind);
  const length = width * width * storedBytes[kind];
  const float = (shape: number[], offset: number) => ({
    ...{ dtype: 'F32', shape, file, offset: length + offset },
    length: 4 * shape[0]!,
  });
  const blocks = (width * width) / 64;
  const packings = {
    I8: { kind: 'scaled', scale: float([width], 0) },
    nf4: { kind: 'table', absmax: float([blocks], 0), table: float([16], 4 * blocks), blockSize: 64 },
  };
  const packing = kind === 'I8' || kind === 'nf4' ? { packing: packings[kind] } : {};
  const dtype: TensorLocation['dtype'] = kind === 'nf4' ? 'U8' : kind;
  const location = { dtype, shape: [width, width], file, offset: 0, length, ...packing };
  const script = fileURLToPath(new URL('../../../../test/fixtures/measure-held.mjs', import.meta.url));
  const { stdout } = await run(process.execPath, [script, JSON.stringify({ location, width, layers })]);
  return measuredSchema.parse(JSON.parse(stdout));
}

describe.each(Object.keys(storedBytes) as (keyof typeof storedBytes)[])('matrices in %s', (kind) => {
  test('stay as they are stored, and a run has few of them in float32 at once', async () => {
    const { grownBytes, plannedBytes, weightBytes } = await measure(kind);
    expect(weightBytes).toBe(layers * width * width * storedBytes[kind]);
    // All of them would be 12 and more. The weights themselves are mapped, and no memory of the process.
    expect(grownBytes).toBeLessThan(6 * float32Bytes);
    expect(grownBytes).toBeLessThan(plannedBytes);
  });
});
