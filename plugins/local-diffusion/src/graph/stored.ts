import type { BlockType } from '../checkpoint/gguf/block-types.js';
import type { Packing } from '../checkpoint/packing/packing.js';
import type { ElementType } from './graph.js';

/** Which rows of what lies in a file are meant, and the shape of all of it. */
export interface StoredRows {
  readonly first: number;
  readonly wholeShape: readonly number[];
}

/** Elements that are stored several at once, in blocks of GGUF. */
export interface BlockStorage {
  readonly blocks: BlockType;
  /** Absent: all. */
  readonly rows?: StoredRows | undefined;
}

/** Elements that other tensors belong to. */
export interface PackedStorage {
  readonly packing: Packing;
  /** The type of what lies there. */
  readonly element: ElementType;
  readonly rows: StoredRows;
}
