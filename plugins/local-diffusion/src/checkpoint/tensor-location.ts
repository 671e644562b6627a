import type { BlockType } from './gguf/block-types.js';

/** Bytes an element, by the format's names of its types. */
export const elementBytes = {
  F64: 8,
  F32: 4,
  F16: 2,
  BF16: 2,
  F8_E4M3: 1,
  F8_E5M2: 1,
  F8_E8M0: 1,
  I64: 8,
  I32: 4,
  I16: 2,
  I8: 1,
  U64: 8,
  U32: 4,
  U16: 2,
  U8: 1,
  BOOL: 1,
} as const;

export type TensorDtype = keyof typeof elementBytes;

/** Where a tensor lies: raw little-endian elements or blocks of them, row-major. */
export interface TensorLocation {
  readonly dtype: TensorDtype | BlockType;
  readonly shape: readonly number[];
  /** Absolute path of the file, symbolic links resolved. */
  readonly file: string;
  /** Bytes from the start of the file. */
  readonly offset: number;
  /** Bytes. */
  readonly length: number;
  /** What else belongs to it; `shape` is then that of the numbers. Absent means nothing. */
  readonly packing?: Packing;
  /**
   * The file holds the matrix with rows and columns exchanged; `shape` is that of the matrix itself. Absent
   * means no.
   */
  readonly transposed?: true;
  /** Of the tensor that lies there only these rows are meant; `shape` is theirs. Absent means all of it. */
  readonly rows?: { readonly first: number; readonly wholeShape: readonly number[] };
  /** The format leaves out leading dimensions of 1, so that `shape` may lack some. Absent means no. */
  readonly mayLackOnes?: true;
  /** The file holds the two halves of the rows in the other order. Absent means no. */
  readonly halvesSwapped?: true;
}

/** How the numbers of a tensor are made of what is stored, where other tensors belong to it. */
export type Packing =
  /** Elements times a scale for all of them, or one for each row. */
  | {
      readonly kind: 'scaled';
      readonly scale: TensorLocation;
      /** What the product is divided by. Absent: nothing. */
      readonly divisor?: number;
      /**
       * The rows were turned by a Hadamard matrix of this size, stretch by stretch (ConvRot). Absent: they
       * were not.
       */
      readonly rotation?: number;
    }
  /**
   * Signed numbers of 4 bits, two in a byte and the low one first, times a scale for each row. Rows were
   * turned as above, in stretches of `rotation`.
   */
  | { readonly kind: 'int4'; readonly scale: TensorLocation; readonly rotation: number }
  /**
   * Codes of 4 bits into a table of 16, times a number for each so many elements: nf4 and fp4 of
   * bitsandbytes.
   */
  | {
      readonly kind: 'table';
      readonly table: TensorLocation;
      readonly absmax: TensorLocation;
      readonly blockSize: number;
      /** `absmax` is codes into a table of 256, times a number for each so many of them, plus an offset. */
      readonly nested?: {
        readonly table: TensorLocation;
        readonly absmax: TensorLocation;
        readonly blockSize: number;
        readonly offset: number;
      };
    }
  /** E4M3 times a power of two for each 32 inputs. */
  | { readonly kind: 'mxfp8'; readonly scales: TensorLocation }
  /** E2M1, two in a byte, times an E4M3 for each 16 inputs, times one number. */
  | { readonly kind: 'nvfp4'; readonly scales: TensorLocation; readonly scale: TensorLocation };

/** Multiples that rows and columns are filled up to: what a network wants may be less. */
export const paddedTo: Readonly<Record<Packing['kind'], number>> = {
  scaled: 1,
  int4: 1,
  table: 1,
  mxfp8: 32,
  nvfp4: 16,
};
