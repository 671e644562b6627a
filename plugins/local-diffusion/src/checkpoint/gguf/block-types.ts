/**
 * Types of GGUF that store so many numbers as one block of so many bytes. Source: `ggml.h` and
 * `ggml-common.h` of ggml; `number` is the type in the file, and `scales` are the bytes of a block at which a
 * float16 begins. That of IQ1_M lies in four pieces.
 */
export const blockTypes = {
  Q4_0: { number: 2, elements: 32, bytes: 18, scales: [0] },
  Q4_1: { number: 3, elements: 32, bytes: 20, scales: [0, 2] },
  Q5_0: { number: 6, elements: 32, bytes: 22, scales: [0] },
  Q5_1: { number: 7, elements: 32, bytes: 24, scales: [0, 2] },
  Q8_0: { number: 8, elements: 32, bytes: 34, scales: [0] },
  Q2_K: { number: 10, elements: 256, bytes: 84, scales: [80, 82] },
  Q3_K: { number: 11, elements: 256, bytes: 110, scales: [108] },
  Q4_K: { number: 12, elements: 256, bytes: 144, scales: [0, 2] },
  Q5_K: { number: 13, elements: 256, bytes: 176, scales: [0, 2] },
  Q6_K: { number: 14, elements: 256, bytes: 210, scales: [208] },
  IQ2_XXS: { number: 16, elements: 256, bytes: 66, scales: [0] },
  IQ2_XS: { number: 17, elements: 256, bytes: 74, scales: [0] },
  IQ3_XXS: { number: 18, elements: 256, bytes: 98, scales: [0] },
  IQ1_S: { number: 19, elements: 256, bytes: 50, scales: [0] },
  IQ4_NL: { number: 20, elements: 32, bytes: 18, scales: [0] },
  IQ3_S: { number: 21, elements: 256, bytes: 110, scales: [0] },
  IQ2_S: { number: 22, elements: 256, bytes: 82, scales: [0] },
  IQ4_XS: { number: 23, elements: 256, bytes: 136, scales: [0] },
  IQ1_M: { number: 29, elements: 256, bytes: 56, scales: [] },
  TQ1_0: { number: 34, elements: 256, bytes: 54, scales: [52] },
  TQ2_0: { number: 35, elements: 256, bytes: 66, scales: [64] },
  MXFP4: { number: 39, elements: 32, bytes: 17, scales: [] },
  NVFP4: { number: 40, elements: 64, bytes: 36, scales: [] },
} as const;

export type BlockType = keyof typeof blockTypes;

export const isBlockType = (type: string): type is BlockType => Object.hasOwn(blockTypes, type);

/** Types with whole numbers of bytes for each element, by their numbers in the file. */
const plainTypes = {
  0: 'F32',
  1: 'F16',
  24: 'I8',
  25: 'I16',
  26: 'I32',
  27: 'I64',
  28: 'F64',
  30: 'BF16',
} as const;

const typesByNumber = new Map<number, BlockType | (typeof plainTypes)[keyof typeof plainTypes]>([
  ...Object.entries(plainTypes).map(([number, name]) => [Number(number), name] as const),
  ...Object.entries(blockTypes).map(([name, { number }]) => [number, name as BlockType] as const),
]);

/** Types that a file may have and that are not read, for messages. */
const otherNames: Readonly<Record<number, string>> = {
  ...{ 4: 'Q4_2', 5: 'Q4_3', 9: 'Q8_1', 15: 'Q8_K', 31: 'Q4_0_4_4', 32: 'Q4_0_4_8', 33: 'Q4_0_8_8' },
  ...{ 36: 'IQ4_NL_4_4', 37: 'IQ4_NL_4_8', 38: 'IQ4_NL_8_8', 41: 'Q1_0' },
};

/** The type of a number in a file; undefined for one that is not read. */
export const typeOfNumber = (number: number) => typesByNumber.get(number);

/** What a type that is not read is called, for messages. */
export const nameOfNumber = (number: number): string =>
  otherNames[number] === undefined ? `number ${number}, which is not known` : otherNames[number];
