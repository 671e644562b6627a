import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { randomNumbers } from '../../../../../../test/fixtures/damage.js';
import { decodeTensor } from '../../../../../../test/reference/kinds/quantised/decode-stored.js';
import { scalesOf } from '../../../checkpoint/gguf/block-scales.js';
import { type BlockType, blockTypes } from '../../../checkpoint/gguf/block-types.js';

const blocks = 256;
/** Its scale of 8 bits is finite, and its products may not be. */
const types = (Object.keys(blockTypes) as BlockType[]).filter((type) => type !== 'MXFP4');
const random = randomNumbers(20261130);
let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'easel-blocks-'));
});
afterAll(() => rm(folder, { recursive: true }));

test.each(types)('%s: bytes of whatever value are numbers, unless a scale is none', async (type) => {
  const { elements, bytes } = blockTypes[type];
  const data = Buffer.from(Array.from({ length: blocks * bytes }, () => random(256)));
  // All indices into tables are the largest ones there.
  data.fill(0xff, 0, bytes);
  const file = join(folder, `${type}.bin`);
  await writeFile(file, data);
  const shape = [blocks, elements];
  const location = { dtype: type, shape, file, offset: 0, length: data.length };
  const numbers = await decodeTensor(new Map([['weight', location]]), 'weight', shape);
  for (let block = 0; block < blocks; block += 1) {
    const own = numbers.subarray(block * elements, (block + 1) * elements);
    const scales = scalesOf(type, data, block * bytes);
    expect(own.every(Number.isFinite), `block ${block}, scales ${scales}`).toBe(
      scales.every(Number.isFinite),
    );
  }
});
