import type { BlockDecoder, Blocks } from './blocks.js';

const minus = ({ to }: Blocks, value: string, amount: number): string =>
  to.add('Sub', [value, to.floats([amount])]);
const times = ({ to }: Blocks, one: string, other: string): string => to.add('Mul', [one, other]);
const plus = ({ to }: Blocks, one: string, other: string): string => to.add('Add', [one, other]);

/** Numbers 0 to 31 of a block: a nibble each, and a fifth bit at byte `bits`. */
function fiveBits(blocks: Blocks, bits: number, from: number): string {
  const { to } = blocks;
  const high = times(blocks, blocks.bitsOf(bits), to.floats([16]));
  return plus(blocks, to.numbers(blocks.nibbles(from, from + 16)), high);
}

export const q4_0: BlockDecoder = (blocks) =>
  times(blocks, minus(blocks, blocks.to.numbers(blocks.nibbles(2, 18)), 8), blocks.half(0));

export const q4_1: BlockDecoder = (blocks) =>
  plus(blocks, times(blocks, blocks.to.numbers(blocks.nibbles(4, 20)), blocks.half(0)), blocks.half(2));

export const q5_0: BlockDecoder = (blocks) =>
  times(blocks, minus(blocks, fiveBits(blocks, 2, 6), 16), blocks.half(0));

export const q5_1: BlockDecoder = (blocks) =>
  plus(blocks, times(blocks, fiveBits(blocks, 4, 8), blocks.half(0)), blocks.half(2));

export const q8_0: BlockDecoder = (blocks) =>
  times(blocks, blocks.to.numbers(blocks.signedBytes(2, 34)), blocks.half(0));

/** `kvalues_iq4nl` of ggml: what a nibble stands for in IQ4_NL and IQ4_XS. */
const unevenValues = [-127, -104, -83, -65, -49, -35, -22, -10, 1, 13, 25, 38, 53, 69, 89, 113];

export const unevenTable = ({ to }: Blocks): string => to.floats(unevenValues);

export const iq4Nl: BlockDecoder = (blocks) =>
  times(blocks, blocks.to.lookUp(unevenTable(blocks), blocks.nibbles(2, 18)), blocks.half(0));

/** Twice what a nibble stands for as E2M1, a number of 4 bits with 2 of exponent. */
const doubledE2m1 = [0, 1, 2, 3, 4, 6, 8, 12, 0, -1, -2, -3, -4, -6, -8, -12];

/** 2^(e-128): half the scale, since the values are doubled. The two lowest have no normal float32. */
const halvedPowers = Array.from({ length: 256 }, (_, exponent) => 2 ** (exponent - 128));

export const mxfp4: BlockDecoder = (blocks) => {
  const { to } = blocks;
  const scales = to.lookUp(to.floats(halvedPowers), blocks.bytes(0, 1));
  return times(blocks, to.lookUp(to.floats(doubledE2m1), blocks.nibbles(1, 17)), scales);
};

/** Half of what a byte stands for as E4M3: 4 bits of exponent, 3 of fraction. The sign is not read; 0x7f is no number, and taken for 0. */
const halvedE4m3 = Array.from({ length: 256 }, (_, code) => {
  if (code === 0x7f) return 0;
  const bits = code & 0x7f;
  const [exponent, fraction] = [bits >> 3, bits & 7];
  return (exponent === 0 ? fraction * 2 ** -9 : (1 + fraction / 8) * 2 ** (exponent - 7)) / 2;
});

export const nvfp4: BlockDecoder = (blocks) => {
  const { to, count } = blocks;
  const bytes = blocks.bytes(4, 36, [4, 8]);
  const nibbles = to.concat([to.bits(bytes, 0x0f), to.bits(bytes, 0xff, [4])], 2);
  const scales = to.reshape(to.lookUp(to.floats(halvedE4m3), blocks.bytes(0, 4)), [count, 4, 1]);
  return times(blocks, to.lookUp(to.floats(doubledE2m1), nibbles), scales);
};
