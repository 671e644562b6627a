import { randomBytes } from 'node:crypto';
import { open } from 'node:fs/promises';
import { writtenType } from '../../../core/src/model-files/quantize/choose-type.js';
import { blockBytes } from '../../../core/src/model-files/quantize/codes.js';
import { layOutGguf } from '../../../core/src/model-files/quantize/gguf-layout.js';
import type { Shapes } from '../../reference/original-checkpoint.js';

const megabyte = 1024 ** 2;
/** 2^-12 in float16, so that matrices give small numbers. */
const scale = 0x0c00;

/**
 * Writes a .gguf file of random blocks, as `easel models quantize` would choose their types. The same
 * megabytes come again and again, which arithmetic does not look for.
 *
 * @returns its bytes
 */
export async function writeRandomGguf(path: string, shapes: Shapes, to: 'q8' | 'q4'): Promise<number> {
  const chosen = Object.entries(shapes).map(([name, shape]) => {
    const length = 2 * shape.reduce((one, other) => one * other, 1);
    const tensor = { name, shape, dtype: 'F16', file: path, offset: 0, length };
    return { tensor, type: writtenType(tensor, to) };
  });
  const layout = layOutGguf(chosen, {}, to === 'q8' ? 'Q8_0' : 'Q4_0');
  const patterns = { Q8_0: blocks(blockBytes.Q8_0), Q4_0: blocks(blockBytes.Q4_0) };
  const halves = smallHalves();
  const file = await open(path, 'wx');
  try {
    await file.write(layout.header);
    for (const { type, places } of layout.units) {
      const pattern = type === 'Q8_0' || type === 'Q4_0' ? patterns[type] : halves;
      const [{ offset, length }] = places;
      for (let written = 0; written < length; written += pattern.length)
        await file.write(pattern, 0, Math.min(pattern.length, length - written), offset + written);
    }
    await file.truncate(layout.bytes);
  } finally {
    await file.close();
  }
  return layout.bytes;
}

/** Whole blocks of random codes behind one scale. */
function blocks(bytes: number): Buffer {
  const random = randomBytes(bytes * Math.floor((4 * megabyte) / bytes));
  for (let block = 0; block < random.length; block += bytes) random.writeUInt16LE(scale, block);
  return random;
}

/** float16 of 2^-7 to 2^-6 of either sign. */
function smallHalves(): Buffer {
  const bits = new Uint16Array(randomBytes(4 * megabyte).buffer);
  return Buffer.from(Uint16Array.from(bits, (value) => (value & 0x83ff) | (8 << 10)).buffer);
}
