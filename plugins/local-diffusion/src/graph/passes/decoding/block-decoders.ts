import type { BlockType } from '../../../checkpoint/gguf/block-types.js';
import type { BlockDecoder } from './blocks.js';
import * as books from './code-book-blocks.js';
import * as small from './small-blocks.js';
import * as large from './super-blocks.js';
import * as ternary from './ternary-blocks.js';

/** How each type of blocks is decoded. Layouts and formulas: `dequantize_row_*` in ggml's `ggml-quants.c`. */
export const blockDecoders: Readonly<Record<BlockType, BlockDecoder>> = {
  Q4_0: small.q4_0,
  Q4_1: small.q4_1,
  Q5_0: small.q5_0,
  Q5_1: small.q5_1,
  Q8_0: small.q8_0,
  Q2_K: large.q2K,
  Q3_K: large.q3K,
  Q4_K: large.q4K,
  Q5_K: large.q5K,
  Q6_K: large.q6K,
  IQ2_XXS: books.iq2Xxs,
  IQ2_XS: books.iq2Xs,
  IQ3_XXS: books.iq3Xxs,
  IQ1_S: books.iq1S,
  IQ4_NL: small.iq4Nl,
  IQ3_S: books.iq3S,
  IQ2_S: books.iq2S,
  IQ4_XS: large.iq4Xs,
  IQ1_M: books.iq1M,
  TQ1_0: ternary.tq1_0,
  TQ2_0: ternary.tq2_0,
  MXFP4: small.mxfp4,
  NVFP4: small.nvfp4,
};
