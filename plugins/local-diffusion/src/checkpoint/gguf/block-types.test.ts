import { expect, test } from 'vitest';
import { elementBytes } from '../tensor-location.js';
import { blockTypes, isBlockType, nameOfNumber, typeOfNumber } from './block-types.js';

/** `GGMLQuantizationType` and `GGML_QUANT_SIZES` of gguf 0.19: numbers, numbers in a block and its bytes. */
const types: readonly (readonly [name: string, number: number, elements: number, bytes: number])[] = [
  ...([
    ['F32', 0, 1, 4],
    ['F16', 1, 1, 2],
    ['Q4_0', 2, 32, 18],
    ['Q4_1', 3, 32, 20],
  ] as const),
  ...([
    ['Q5_0', 6, 32, 22],
    ['Q5_1', 7, 32, 24],
    ['Q8_0', 8, 32, 34],
    ['Q8_1', 9, 32, 40],
  ] as const),
  ...([
    ['Q2_K', 10, 256, 84],
    ['Q3_K', 11, 256, 110],
    ['Q4_K', 12, 256, 144],
  ] as const),
  ...([
    ['Q5_K', 13, 256, 176],
    ['Q6_K', 14, 256, 210],
    ['Q8_K', 15, 256, 292],
  ] as const),
  ...([
    ['IQ2_XXS', 16, 256, 66],
    ['IQ2_XS', 17, 256, 74],
    ['IQ3_XXS', 18, 256, 98],
  ] as const),
  ...([
    ['IQ1_S', 19, 256, 50],
    ['IQ4_NL', 20, 32, 18],
    ['IQ3_S', 21, 256, 110],
  ] as const),
  ...([
    ['IQ2_S', 22, 256, 82],
    ['IQ4_XS', 23, 256, 136],
    ['I8', 24, 1, 1],
    ['I16', 25, 1, 2],
  ] as const),
  ...([
    ['I32', 26, 1, 4],
    ['I64', 27, 1, 8],
    ['F64', 28, 1, 8],
    ['IQ1_M', 29, 256, 56],
  ] as const),
  ...([
    ['BF16', 30, 1, 2],
    ['TQ1_0', 34, 256, 54],
    ['TQ2_0', 35, 256, 66],
    ['MXFP4', 39, 32, 17],
  ] as const),
  ...([
    ['NVFP4', 40, 64, 36],
    ['Q1_0', 41, 128, 18],
  ] as const),
];
/** Q8_1 and Q8_K hold what a weight is multiplied by, and lie in no file. */
const refused = ['Q8_1', 'Q8_K', 'Q1_0'];

test.each(types)(
  '%s, number %i of GGUF, is read, or refused by its name',
  (name, number, elements, bytes) => {
    const type = typeOfNumber(number);
    if (refused.includes(name)) {
      expect([type, nameOfNumber(number)]).toEqual([undefined, name]);
      return;
    }
    const sizes = type && (isBlockType(type) ? blockTypes[type] : { elements: 1, bytes: elementBytes[type] });
    expect({ type, ...sizes }).toMatchObject({ type: name, elements, bytes });
  },
);

test.each([4, 5, 31, 32, 33, 36, 37, 38])(
  'number %i, which GGUF had once, is refused by its name',
  (number) => {
    expect(typeOfNumber(number)).toBeUndefined();
    expect(nameOfNumber(number)).toMatch(/^I?Q4_/);
  },
);
