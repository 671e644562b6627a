import { toHalf } from './float-types.js';

/** Numbers of one block of GGUF's Q8_0 and Q4_0. */
export const blockElements = 32;

/** Bytes of a block of each type that is written, with its scale. */
export const blockBytes = { Q8_0: 34, Q4_0: 18 } as const;
export type WrittenBlocks = keyof typeof blockBytes;

const { fround } = Math;

/** Away from zero at one half, as C's `roundf`. */
const round = (value: number): number => Math.sign(value) * Math.floor(Math.abs(value) + 0.5);

/**
 * Whole blocks of numbers as GGUF's blocks, bit for bit those of `quantize_row_q8_0_ref` and
 * `quantize_row_q4_0_ref` in ggml-quants.c.
 */
export const encodeBlocks: Readonly<Record<WrittenBlocks, (numbers: Float32Array) => Buffer>> = {
  Q8_0(numbers) {
    const made = Buffer.alloc((numbers.length / blockElements) * blockBytes.Q8_0);
    for (let from = 0, at = 0; from < numbers.length; from += blockElements, at += blockBytes.Q8_0) {
      const scale = fround(greatest(numbers, from, blockElements) / 127);
      const inverse = scale === 0 ? 0 : fround(1 / scale);
      made.writeUInt16LE(toHalf(scale), at);
      for (let index = 0; index < blockElements; index += 1)
        made[at + 2 + index] = round(fround(numbers[from + index]! * inverse));
    }
    return made;
  },
  Q4_0(numbers) {
    const made = Buffer.alloc((numbers.length / blockElements) * blockBytes.Q4_0);
    const half = blockElements / 2;
    for (let from = 0, at = 0; from < numbers.length; from += blockElements, at += blockBytes.Q4_0) {
      const scale = fround(extreme(numbers, from) / -8);
      const inverse = scale === 0 ? 0 : fround(1 / scale);
      const code = (index: number) =>
        Math.min(15, Math.trunc(fround(fround(numbers[from + index]! * inverse) + 8.5)));
      made.writeUInt16LE(toHalf(scale), at);
      for (let index = 0; index < half; index += 1)
        made[at + 2 + index] = code(index) | (code(half + index) << 4);
    }
    return made;
  },
};

/** Rows of numbers as int8, each with a scale of its own: the number is code times scale. */
export function encodeRows(
  numbers: Float32Array,
  columns: number,
): { readonly codes: Buffer; readonly scales: Float32Array } {
  const codes = Buffer.alloc(numbers.length);
  const scales = new Float32Array(numbers.length / columns);
  for (let row = 0; row < scales.length; row += 1) {
    const from = row * columns;
    const scale = fround(greatest(numbers, from, columns) / 127);
    scales[row] = scale;
    if (scale === 0) continue;
    for (let index = from; index < from + columns; index += 1)
      codes[index] = Math.max(-127, Math.min(127, round(numbers[index]! / scale)));
  }
  return { codes, scales };
}

/** The greatest absolute value of so many numbers. */
function greatest(numbers: Float32Array, from: number, count: number): number {
  let most = 0;
  for (let index = from; index < from + count; index += 1) most = Math.max(most, Math.abs(numbers[index]!));
  return most;
}

/** The number of a block that is the farthest from 0, with its sign. */
function extreme(numbers: Float32Array, from: number): number {
  let found = 0;
  for (let index = from; index < from + blockElements; index += 1)
    if (Math.abs(numbers[index]!) > Math.abs(found)) found = numbers[index]!;
  return found;
}
