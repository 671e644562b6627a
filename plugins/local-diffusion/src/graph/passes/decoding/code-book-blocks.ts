/**
 * Blocks of 256 numbers that are rows of a code book, with signs apart, times the scale of a group: IQ1, IQ2
 * and IQ3 of ggml.
 *
 * @module
 */
import { type CodeBook, codeBooks, evenSigns } from '../../../checkpoint/gguf/code-books.js';
import { allHalves } from '../../../checkpoint/half-floats.js';
import type { BlockDecoder, Blocks } from './blocks.js';

const eight = [0, 1, 2, 3, 4, 5, 6, 7];
/** The bits of each byte, the lowest one first. */
const signRows = Array.from({ length: 256 }, (_, byte) => eight.map((bit) => (byte >> bit) & 1)).flat();
/** What stands for 0 among bytes. */
const zero = 128;

/** The rows of a book by their indices, as bytes around 128. */
function rowsOf({ to }: Blocks, { width, numbers }: CodeBook, indices: string, sign: 1 | -1 = 1): string {
  const table = Array.from(numbers, (number) => zero + sign * number);
  return to.lookUp(to.bytes(table, [table.length / width, width]), indices);
}

/**
 * Numbers of a book that has no signs, times the scales of groups.
 *
 * @param given.indices uint8 or uint32, in the order of the numbers
 * @param given.signs uint8 [blocks, 32]: a bit for each number
 */
function signed(
  blocks: Blocks,
  book: CodeBook,
  given: {
    readonly indices: string;
    readonly signs: string;
    readonly scales: string;
    readonly groups: number;
  },
): string {
  const { to, count } = blocks;
  const indices = to.reshape(given.indices, [count, 256 / book.width]);
  const rows = to.lookUp(to.booleans(signRows, [256, 8]), given.signs);
  const isNegative = to.reshape(rows, [count, 256 / book.width, book.width]);
  const codes = to.add('Where', [
    isNegative,
    rowsOf(blocks, book, indices, -1),
    rowsOf(blocks, book, indices),
  ]);
  return blocks.scaled({ codes, zero, scales: given.scales, groups: given.groups });
}

/** d * (slope * number + start): the scales of groups, d being [blocks, 1]. No step rounds. */
function scalesOf(
  { to, count }: Blocks,
  d: string,
  numbers: string,
  line: readonly [number, number],
): string {
  const [slope, start] = line;
  const all = to.reshape(to.numbers(numbers), [count, -1]);
  const factors = to.add('Add', [to.add('Mul', [all, to.floats([slope])]), to.floats([start])]);
  return to.add('Mul', [factors, d]);
}

/** The nibbles of some bytes, the low one of each first. */
const nibbles = (blocks: Blocks, from: number, to: number): string =>
  blocks.to.bits(blocks.bytes(from, to, [to - from, 1]), 0x0f, [0, 4]);

/** Eight words of 32 bits, each of four signs of 7 bits and a scale of 4: signs as bytes, and scales. */
function signsAndScales({ to, count }: Blocks, words: string): { signs: string; scales: string } {
  const halves = to.reshape(words, [count, 8, -1]);
  const [low, high] = [0, 1].map((place) => to.slice(halves, 2, place, place + 1)) as [string, string];
  const whole = to.joinWords(low, high, 16);
  const signs = to.lookUp(to.bytes([...evenSigns]), to.bitsOfWords(whole, 0x7f, [0, 7, 14, 21]));
  return { signs, scales: to.bitsOfWords(whole, 0x0f, [28]) };
}

export const iq2Xxs: BlockDecoder = (blocks) => {
  const { to, count } = blocks;
  const words = to.slice(to.reshape(blocks.words(2, 66), [count, 8, 4]), 2, 2, 4);
  const { signs, scales } = signsAndScales(blocks, words);
  return signed(blocks, codeBooks.IQ2_XXS, {
    ...{ indices: to.slice(blocks.bytes(2, 66, [8, 8]), 2, 0, 4), signs, groups: 8 },
    scales: scalesOf(blocks, blocks.half(0), scales, [1 / 4, 1 / 8]),
  });
};

export const iq2Xs: BlockDecoder = (blocks) => {
  const { to } = blocks;
  const words = blocks.words(2, 66);
  return signed(blocks, codeBooks.IQ2_XS, {
    indices: to.bitsOfWords(words, 0x1ff, [0]),
    signs: to.lookUp(to.bytes([...evenSigns]), to.bitsOfWords(words, 0x7f, [9])),
    groups: 16,
    scales: scalesOf(blocks, blocks.half(0), nibbles(blocks, 66, 74), [1 / 4, 1 / 8]),
  });
};

export const iq2S: BlockDecoder = (blocks) => {
  const { to, count } = blocks;
  const high = to.reshape(to.bits(blocks.bytes(66, 74, [8, 1]), 3, [0, 2, 4, 6]), [count, 32]);
  return signed(blocks, codeBooks.IQ2_S, {
    indices: to.joinWords(blocks.bytes(2, 34), high, 8),
    signs: blocks.bytes(34, 66),
    groups: 16,
    scales: scalesOf(blocks, blocks.half(0), nibbles(blocks, 74, 82), [1 / 4, 1 / 8]),
  });
};

export const iq3Xxs: BlockDecoder = (blocks) => {
  const { signs, scales } = signsAndScales(blocks, blocks.words(66, 98));
  return signed(blocks, codeBooks.IQ3_XXS, {
    ...{ indices: blocks.bytes(2, 66), signs, groups: 8 },
    scales: scalesOf(blocks, blocks.half(0), scales, [1 / 2, 1 / 4]),
  });
};

export const iq3S: BlockDecoder = (blocks) => {
  const { to, count } = blocks;
  const high = to.reshape(to.bits(blocks.bytes(66, 74, [8, 1]), 1, eight), [count, 64]);
  return signed(blocks, codeBooks.IQ3_S, {
    indices: to.joinWords(blocks.bytes(2, 66), high, 8),
    signs: blocks.bytes(74, 106),
    groups: 8,
    scales: scalesOf(blocks, blocks.half(0), nibbles(blocks, 106, 110), [2, 1]),
  });
};

export const iq1S: BlockDecoder = (blocks) => {
  const { to, count } = blocks;
  const words = to.reshape(blocks.words(34, 50), [count, 8, 1]);
  const shift = to.bitsOfWords(words, 1, [15]);
  const upper = to.joinWords(to.bitsOfWords(words, 7, [0, 3, 6, 9]), shift, 3);
  return blocks.scaled({
    codes: rowsOf(
      blocks,
      codeBooks.IQ1,
      to.joinWords(blocks.bytes(2, 34), to.reshape(upper, [count, 32]), 8),
    ),
    ...{ zero, groups: 8 },
    scales: scalesOf(blocks, blocks.half(0), to.bitsOfWords(words, 7, [12]), [1 / 4, 1 / 8]),
  });
};

export const iq1M: BlockDecoder = (blocks) => {
  const { to, count } = blocks;
  const words = blocks.words(48, 56);
  const pieces = to.numbers(to.bitsOfWords(words, 0x0f, [12]));
  const bits = to.add('ReduceSum', [
    to.add('Mul', [pieces, to.floats([1, 16, 256, 4096])]),
    to.integers([1]),
  ]);
  const d = to.lookUp(to.floats(allHalves), bits);
  const scales = to.bitsOfWords(to.reshape(words, [count, 4, 1]), 7, [0, 3, 6, 9]);
  const upper = to.reshape(nibbles(blocks, 32, 48), [count, 32]);
  return blocks.scaled({
    codes: rowsOf(blocks, codeBooks.IQ1, to.joinWords(blocks.bytes(0, 32), upper, 8)),
    ...{ zero, groups: 16 },
    scales: scalesOf(blocks, d, scales, [1 / 4, 1 / 8]),
  });
};
