import type { TensorLocation } from '../safetensors.js';

/** How the numbers of a tensor are made of what is stored, where other tensors belong to it. */
export type Packing =
  /** Elements times a scale for all of them, or one for each row. */
  | {
      readonly kind: 'scaled';
      readonly scale: TensorLocation;
      /** What the product is divided by. Absent: nothing. */
      readonly divisor?: number;
      /** The rows were turned by a Hadamard matrix of this size, stretch by stretch (ConvRot). Absent: they were not. */
      readonly rotation?: number;
    }
  /** Codes of 4 bits into a table of 16, times a number for each so many elements: nf4 and fp4 of bitsandbytes. */
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
  table: 1,
  mxfp8: 32,
  nvfp4: 16,
};
