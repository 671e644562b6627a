import type { BlockType } from '../../checkpoint/gguf/block-types.js';
import { allHalves } from '../../checkpoint/half-floats.js';

/**
 * Where the numbers of a stretch go: number = scale * (code - zero) + minimum, the zero being half of the
 * codes there are.
 *
 * @module
 */
export interface Stretch {
  /** One for each number, of the bits that the layout says. */
  readonly codes: Uint8Array;
  scale: number;
  /** Left at 0 by layouts without minima. */
  minimum: number;
}

/** How a type of blocks is written as codes that `MatMulNBits` of ONNX Runtime computes with. */
export interface RepackedLayout {
  readonly bits: 4 | 8;
  /** Numbers that have one scale. */
  readonly stretch: 16 | 32;
  readonly hasMinima: boolean;
  /** Reads one stretch of a block that begins at a byte. */
  read(bytes: Buffer, block: number, stretch: number, to: Stretch): void;
}

/** From a table: there is one for each 32 numbers of a network. */
const half = (bytes: Buffer, at: number): number => allHalves[bytes[at]! | (bytes[at + 1]! << 8)]!;
const { fround } = Math;

/** Nibbles of 16 bytes: the low ones are the first 16 numbers. */
function nibbles(bytes: Buffer, from: number, codes: Uint8Array): void {
  for (let index = 0; index < 16; index += 1) {
    const byte = bytes[from + index]!;
    codes[index] = byte & 15;
    codes[index + 16] = byte >> 4;
  }
}

/** The fifth bits of 32 numbers, added to their nibbles. */
function fifthBits(bytes: Buffer, from: number, codes: Uint8Array): void {
  const bits = bytes.readUInt32LE(from);
  for (let index = 0; index < 32; index += 1) codes[index]! += ((bits >>> index) & 1) << 4;
}

function move(codes: Uint8Array, by: number): void {
  for (let index = 0; index < codes.length; index += 1) codes[index]! += by;
}

/** The scale of a sub-block of Q4_K and Q5_K: 6 bits, of 12 bytes. */
const sixBitScale = (bytes: Buffer, from: number, index: number): number =>
  index < 4
    ? bytes[from + index]! & 63
    : (bytes[from + index + 4]! & 15) | ((bytes[from + index - 4]! >> 6) << 4);

/** Its minimum, likewise. */
const sixBitMinimum = (bytes: Buffer, from: number, index: number): number =>
  index < 4
    ? bytes[from + index + 4]! & 63
    : (bytes[from + index + 4]! >> 4) | ((bytes[from + index]! >> 6) << 4);

/** 32 nibbles of the sub-block, the even ones being low. */
function subBlockNibbles(bytes: Buffer, from: number, index: number, codes: Uint8Array): void {
  const start = from + 32 * (index >> 1);
  const shift = 4 * (index & 1);
  for (let place = 0; place < 32; place += 1) codes[place] = (bytes[start + place]! >> shift) & 15;
}

/** Two bits of each of 16 numbers: number 128n + 32j + k has bits 2j of byte 32n + k. */
function pairsOfBits(bytes: Buffer, from: number, index: number, codes: Uint8Array): void {
  const start = from + 32 * (index >> 3) + 16 * (index & 1);
  const shift = 2 * ((index >> 1) & 3);
  for (let place = 0; place < 16; place += 1) codes[place] = (bytes[start + place]! >> shift) & 3;
}

const q3Scale = (bytes: Buffer, from: number, index: number): number => {
  const low = index < 8 ? bytes[from + index]! & 15 : bytes[from + index - 8]! >> 4;
  return (low | (((bytes[from + 8 + (index & 3)]! >> (2 * (index >> 2))) & 3) << 4)) - 32;
};

/** Types of GGUF that are repacked. The layouts of their bytes are those of `ggml-common.h`. */
export const repackedLayouts: Partial<Record<BlockType, RepackedLayout>> = {
  Q4_0: {
    ...{ bits: 4, stretch: 32, hasMinima: false },
    read(bytes, block, _, to) {
      nibbles(bytes, block + 2, to.codes);
      to.scale = half(bytes, block);
    },
  },
  Q4_1: {
    ...{ bits: 4, stretch: 32, hasMinima: true },
    read(bytes, block, _, to) {
      nibbles(bytes, block + 4, to.codes);
      to.scale = half(bytes, block);
      to.minimum = 8 * to.scale + half(bytes, block + 2);
    },
  },
  Q5_0: {
    ...{ bits: 8, stretch: 32, hasMinima: false },
    read(bytes, block, _, to) {
      nibbles(bytes, block + 6, to.codes);
      fifthBits(bytes, block + 2, to.codes);
      move(to.codes, 128 - 16);
      to.scale = half(bytes, block);
    },
  },
  Q5_1: {
    ...{ bits: 8, stretch: 32, hasMinima: true },
    read(bytes, block, _, to) {
      nibbles(bytes, block + 8, to.codes);
      fifthBits(bytes, block + 4, to.codes);
      move(to.codes, 128);
      to.scale = half(bytes, block);
      to.minimum = half(bytes, block + 2);
    },
  },
  Q8_0: {
    ...{ bits: 8, stretch: 32, hasMinima: false },
    read(bytes, block, _, to) {
      for (let place = 0; place < 32; place += 1) to.codes[place] = bytes[block + 2 + place]! ^ 0x80;
      to.scale = half(bytes, block);
    },
  },
  Q2_K: {
    ...{ bits: 4, stretch: 16, hasMinima: true },
    read(bytes, block, index, to) {
      pairsOfBits(bytes, block + 16, index, to.codes);
      move(to.codes, 8);
      const byte = bytes[block + index]!;
      to.scale = fround(half(bytes, block + 80) * (byte & 15));
      to.minimum = -fround(half(bytes, block + 82) * (byte >> 4));
    },
  },
  Q3_K: {
    ...{ bits: 4, stretch: 16, hasMinima: false },
    read(bytes, block, index, to) {
      pairsOfBits(bytes, block + 32, index, to.codes);
      const bit = index >> 1;
      const start = block + 16 * (index & 1);
      for (let place = 0; place < 16; place += 1)
        to.codes[place]! += 4 + (((bytes[start + place]! >> bit) & 1) << 2);
      to.scale = fround(half(bytes, block + 108) * q3Scale(bytes, block + 96, index));
    },
  },
  Q4_K: {
    ...{ bits: 4, stretch: 32, hasMinima: true },
    read(bytes, block, index, to) {
      subBlockNibbles(bytes, block + 16, index, to.codes);
      to.scale = fround(half(bytes, block) * sixBitScale(bytes, block + 4, index));
      to.minimum = 8 * to.scale - fround(half(bytes, block + 2) * sixBitMinimum(bytes, block + 4, index));
    },
  },
  Q5_K: {
    ...{ bits: 8, stretch: 32, hasMinima: true },
    read(bytes, block, index, to) {
      subBlockNibbles(bytes, block + 48, index, to.codes);
      for (let place = 0; place < 32; place += 1)
        to.codes[place]! += 128 + (((bytes[block + 16 + place]! >> index) & 1) << 4);
      to.scale = fround(half(bytes, block) * sixBitScale(bytes, block + 4, index));
      to.minimum = -fround(half(bytes, block + 2) * sixBitMinimum(bytes, block + 4, index));
    },
  },
  Q6_K: {
    ...{ bits: 8, stretch: 16, hasMinima: false },
    read(bytes, block, index, to) {
      const [group, quarter] = [index >> 3, (index >> 1) & 3];
      const place = 16 * (index & 1);
      const low = block + 64 * group + 32 * (quarter & 1) + place;
      const high = block + 128 + 32 * group + place;
      const shift = 4 * (quarter >> 1);
      for (let each = 0; each < 16; each += 1) {
        const code =
          ((bytes[low + each]! >> shift) & 15) | (((bytes[high + each]! >> (2 * quarter)) & 3) << 4);
        to.codes[each] = code - 32 + 128;
      }
      to.scale = fround(half(bytes, block + 208) * bytes.readInt8(block + 192 + index));
    },
  },
};
