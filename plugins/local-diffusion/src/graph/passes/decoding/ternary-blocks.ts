/**
 * Blocks of 256 numbers that are -1, 0 or 1 times one scale: TQ1_0 and TQ2_0 of ggml.
 *
 * @module
 */
import type { BlockDecoder } from './blocks.js';

/** The five digits to the base 3 that a byte of TQ1_0 holds as a fraction of 256, the first one first. */
const digits = Array.from({ length: 256 }, (_, byte) =>
  [1, 3, 9, 27, 81].map((power) => (((byte * power) & 0xff) * 3) >> 8),
).flat();

export const tq1_0: BlockDecoder = (blocks) => {
  const { to, count } = blocks;
  /** Of all bytes the first digits, then the second ones, and so on. */
  const digitsOf = (from: number, end: number, each: number): string => {
    const rows = to.lookUp(to.bytes(digits, [256, 5]), blocks.bytes(from, end));
    const ordered = to.add('Transpose', [rows], { perm: [0, 2, 1] });
    return to.reshape(to.slice(ordered, 1, 0, each), [count, each * (end - from)]);
  };
  const codes = to.concat([digitsOf(0, 32, 5), digitsOf(32, 48, 5), digitsOf(48, 52, 4)], 1);
  return blocks.scaled({ codes, zero: 1, scales: blocks.half(52) });
};

export const tq2_0: BlockDecoder = (blocks) =>
  blocks.scaled({ codes: blocks.pairsOfBits(0, 64), zero: 1, scales: blocks.half(64) });
