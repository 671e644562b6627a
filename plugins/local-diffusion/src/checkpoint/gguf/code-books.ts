import * as packed from './packed-code-books.js';

/** Rows of whole numbers, each of which an index in a block stands for, one behind the other. */
export interface CodeBook {
  /** Numbers in a row. */
  readonly width: 4 | 8;
  readonly numbers: Int8Array;
}

/** Numbers that are places of 2 or 4 bits, the lowest bits of a byte first, among a few levels. */
function unpack(text: string, bits: 2 | 4, levels: readonly number[]): Int8Array {
  const inByte = 8 / bits;
  const bytes = Buffer.from(text, 'base64');
  return Int8Array.from({ length: bytes.length * inByte }, (_, index) => {
    const byte = bytes[Math.floor(index / inByte)]!;
    return levels[(byte >> (bits * (index % inByte))) & (2 ** bits - 1)]!;
  });
}

const levelsOfIq2 = [8, 25, 43];
const levelsOfIq3Xxs = [4, 12, 20, 28, 36, 44, 52, 62];
const levelsOfIq3S = [1, 3, 5, 7, 9, 11, 13, 15];

/** The same book twice over: a number g is 8g + 1 in the first one and 8g - 1 in the second. */
function withShifts(book: Int8Array): Int8Array {
  const shifted = (shift: number) => book.map((number) => 8 * number + shift);
  return Int8Array.from([...shifted(1), ...shifted(-1)]);
}

/** The books of types with signs apart, and of IQ1 with its shift of an eighth, in eighths. */
export const codeBooks = {
  IQ2_XXS: { width: 8, numbers: unpack(packed.iq2Xxs, 2, levelsOfIq2) },
  IQ2_XS: { width: 8, numbers: unpack(packed.iq2Xs, 2, levelsOfIq2) },
  IQ2_S: { width: 8, numbers: unpack(packed.iq2S, 2, levelsOfIq2) },
  IQ3_XXS: { width: 4, numbers: unpack(packed.iq3Xxs, 4, levelsOfIq3Xxs) },
  IQ3_S: { width: 4, numbers: unpack(packed.iq3S, 4, levelsOfIq3S) },
  IQ1: { width: 8, numbers: withShifts(unpack(packed.iq1, 2, [-1, 0, 1])) },
} as const satisfies Record<string, CodeBook>;

/** The signs of 8 numbers by 7 bits: the eighth makes the count of negative ones even. `ksigns_iq2xs`. */
export const evenSigns = Uint8Array.from({ length: 128 }, (_, bits) => {
  let parity = 0;
  for (let rest = bits; rest > 0; rest >>= 1) parity ^= rest & 1;
  return bits | (parity << 7);
});
