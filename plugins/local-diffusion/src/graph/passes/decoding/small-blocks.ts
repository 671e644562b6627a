import type { BlockDecoder, Blocks } from './blocks.js';

const plus = ({ to }: Blocks, one: string, other: string): string => to.add('Add', [one, other]);

/** Numbers 0 to 31 of a block: a nibble each, and a fifth bit at byte `bits`. */
function fiveBits(blocks: Blocks, bits: number, from: number): string {
  const { to } = blocks;
  return to.joinBits(blocks.nibbles(from, from + 16), blocks.bitsOf(bits), 4);
}

export const q4_0: BlockDecoder = (blocks) =>
  blocks.scaled({ codes: blocks.nibbles(2, 18), zero: 8, scales: blocks.half(0) });

export const q4_1: BlockDecoder = (blocks) =>
  plus(blocks, blocks.scaled({ codes: blocks.nibbles(4, 20), scales: blocks.half(0) }), blocks.half(2));

export const q5_0: BlockDecoder = (blocks) =>
  blocks.scaled({ codes: fiveBits(blocks, 2, 6), zero: 16, scales: blocks.half(0) });

export const q5_1: BlockDecoder = (blocks) =>
  plus(blocks, blocks.scaled({ codes: fiveBits(blocks, 4, 8), scales: blocks.half(0) }), blocks.half(2));

export const q8_0: BlockDecoder = (blocks) =>
  blocks.scaled({ codes: blocks.signedBytes(2, 34), scales: blocks.half(0) });

/**
 * What the nibbles of some bytes stand for, by a table of 16: of each stretch of so many bytes the low
 * nibbles, and then the high ones. Int8 [blocks, stretches, 2, bytes]. Both of a byte are looked up at once.
 */
export function nibblesIn(
  { to, bytes }: { readonly to: Blocks['to']; readonly bytes: string },
  table: readonly number[],
): string {
  const pairs = Array.from({ length: 256 }, (_, byte) => [table[byte & 15]!, table[byte >> 4]!]).flat();
  return to.add('Transpose', [to.lookUp(to.signedBytes(pairs, [256, 2]), bytes)], { perm: [0, 1, 3, 2] });
}

/** `kvalues_iq4nl` of ggml: what a nibble stands for in IQ4_NL and IQ4_XS. */
export const unevenValues = [-127, -104, -83, -65, -49, -35, -22, -10, 1, 13, 25, 38, 53, 69, 89, 113];

export const iq4Nl: BlockDecoder = (blocks) =>
  blocks.scaled({
    codes: nibblesIn({ to: blocks.to, bytes: blocks.bytes(2, 18, [1, 16]) }, unevenValues),
    scales: blocks.half(0),
  });

/** Twice what a nibble stands for as E2M1, a number of 4 bits with 2 of exponent. */
const doubledE2m1 = [0, 1, 2, 3, 4, 6, 8, 12, 0, -1, -2, -3, -4, -6, -8, -12];

/** 2^(e-128): half the scale, since the values are doubled. The two lowest have no normal float32. */
const halvedPowers = Array.from({ length: 256 }, (_, exponent) => 2 ** (exponent - 128));

export const mxfp4: BlockDecoder = (blocks) => {
  const { to } = blocks;
  const scales = to.lookUp(to.floats(halvedPowers), blocks.bytes(0, 1));
  return blocks.scaled({
    codes: nibblesIn({ to, bytes: blocks.bytes(1, 17, [1, 16]) }, doubledE2m1),
    scales,
  });
};

/**
 * Half of what a byte stands for as E4M3: 4 bits of exponent, 3 of fraction. The sign is not read; 0x7f is no
 * number, and taken for 0.
 */
const halvedE4m3 = Array.from({ length: 256 }, (_, code) => {
  if (code === 0x7f) return 0;
  const bits = code & 0x7f;
  const [exponent, fraction] = [bits >> 3, bits & 7];
  return (exponent === 0 ? fraction * 2 ** -9 : (1 + fraction / 8) * 2 ** (exponent - 7)) / 2;
});

export const nvfp4: BlockDecoder = (blocks) => {
  const { to } = blocks;
  const codes = nibblesIn({ to, bytes: blocks.bytes(4, 36, [4, 8]) }, doubledE2m1);
  return blocks.scaled({ codes, scales: to.lookUp(to.floats(halvedE4m3), blocks.bytes(0, 4)), groups: 4 });
};
