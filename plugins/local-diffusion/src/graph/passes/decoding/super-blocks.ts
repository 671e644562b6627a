/**
 * Blocks of 256 numbers in sub-blocks of 16 or 32, each with a scale of its own: the K types of ggml and
 * their kin.
 *
 * @module
 */
import type { BlockDecoder, Blocks } from './blocks.js';
import { nibblesIn, unevenValues } from './small-blocks.js';

/** (d * scale) * (codes - zero) - dmin * minimum, in this order. Scales [blocks, groups], of any type. */
function scaled(
  blocks: Blocks,
  given: {
    readonly codes: string;
    readonly zero?: number;
    readonly groups: number;
    readonly d: string;
    readonly scales: string;
  },
  least?: { readonly d: string; readonly minima: string },
): string {
  const { to, count } = blocks;
  const times = (factor: string, values: string) => to.add('Mul', [factor, to.numbers(values)]);
  const product = blocks.scaled({ ...given, scales: times(given.d, given.scales) });
  if (!least) return product;
  const minima = to.reshape(times(least.d, least.minima), [count, given.groups, 1]);
  return to.add('Sub', [product, minima]);
}

export const q2K: BlockDecoder = (blocks) => {
  const { to } = blocks;
  const bytes = blocks.bytes(0, 16);
  return scaled(
    blocks,
    { codes: blocks.pairsOfBits(16, 80), groups: 16, d: blocks.half(80), scales: to.bits(bytes, 0x0f) },
    { d: blocks.half(82), minima: to.bits(bytes, 0xff, [4]) },
  );
};

export const q3K: BlockDecoder = (blocks) => {
  const { to, count } = blocks;
  const highBits = to.bits(blocks.bytes(0, 32, [1, 1, 32]), 1, [0, 1, 2, 3, 4, 5, 6, 7], [1, 2, 4, 1]);
  const codes = to.joinBits(blocks.pairsOfBits(32, 96), highBits, 2);
  const scaleHigh = to.reshape(to.bits(blocks.bytes(104, 108, [1, 4]), 3, [0, 2, 4, 6], [1, 4, 1]), [
    count,
    16,
  ]);
  return scaled(blocks, {
    ...{ codes, zero: 4, groups: 16 },
    d: blocks.half(108),
    scales: sixteenths(blocks, blocks.nibbles(96, 104), scaleHigh, 32),
  });
};

/** low + 16 * high - offset, float32. */
function sixteenths({ to }: Blocks, low: string, high: string, offset: number): string {
  const shifted = to.add('Mul', [to.numbers(high), to.floats([16])]);
  return to.add('Sub', [to.add('Add', [to.numbers(low), shifted]), to.floats([offset])]);
}

/** The eight scales and minima of Q4_K and Q5_K, 6 bits each in 12 bytes, and the numbers that they scale. */
function withMinima(blocks: Blocks, codes: string): string {
  const { to } = blocks;
  const [first, second, third] = [4, 8, 12].map((from) => blocks.bytes(from, from + 4)) as [
    string,
    string,
    string,
  ];
  const sixBits = (whole: string, low: string) =>
    to.concat([to.numbers(to.bits(whole, 0x3f)), sixteenths(blocks, low, to.bits(whole, 0xff, [6]), 0)], 1);
  return scaled(
    blocks,
    { codes, groups: 8, d: blocks.half(0), scales: sixBits(first, to.bits(third, 0x0f)) },
    { d: blocks.half(2), minima: sixBits(second, to.bits(third, 0xff, [4])) },
  );
}

/** The nibbles of 32 bytes after 32 bytes, of those first the low ones: uint8 [blocks, 4, 2, 32]. */
const nibblesOf32 = (blocks: Blocks, from: number): string =>
  blocks.to.bits(blocks.bytes(from, from + 128, [4, 1, 32]), 0x0f, [0, 4], [1, 1, 2, 1]);

export const q4K: BlockDecoder = (blocks) => withMinima(blocks, nibblesOf32(blocks, 16));

export const q5K: BlockDecoder = (blocks) => {
  const { to, count } = blocks;
  const low = to.reshape(nibblesOf32(blocks, 48), [count, 8, 32]);
  const fifth = to.bits(blocks.bytes(16, 48, [1, 32]), 1, [0, 1, 2, 3, 4, 5, 6, 7], [1, 8, 1]);
  return withMinima(blocks, to.joinBits(low, fifth, 4));
};

export const q6K: BlockDecoder = (blocks) => {
  const { to, count } = blocks;
  const nibbles = to.bits(blocks.bytes(0, 128, [2, 1, 64]), 0x0f, [0, 4], [1, 1, 2, 1]);
  const low = to.reshape(nibbles, [count, 2, 4, 32]);
  const codes = to.joinBits(low, blocks.pairsOfBits(128, 192), 4);
  return scaled(blocks, {
    ...{ codes, zero: 32, groups: 16 },
    d: blocks.half(208),
    scales: blocks.signedBytes(192, 208),
  });
};

export const iq4Xs: BlockDecoder = (blocks) => {
  const { to, count } = blocks;
  const low = to.reshape(to.bits(blocks.bytes(4, 8, [4, 1]), 0x0f, [0, 4]), [count, 8]);
  const high = to.reshape(to.bits(blocks.bytes(2, 4, [2, 1]), 3, [0, 2, 4, 6]), [count, 8]);
  return scaled(blocks, {
    ...{ codes: nibblesIn({ to, bytes: blocks.bytes(8, 136, [8, 16]) }, unevenValues), groups: 8 },
    d: blocks.half(0),
    scales: sixteenths(blocks, low, high, 32),
  });
};
