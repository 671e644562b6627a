import { type BlockType, blockTypes } from '../../../checkpoint/gguf/block-types.js';
import type { FilePart } from '../../graph.js';
import type { DecodingNodes } from './decoding-nodes.js';

/** The blocks of one tensor. */
export class Blocks {
  readonly to: DecodingNodes;
  readonly #part: FilePart;
  readonly #blockBytes: number;
  /** Their number. */
  readonly count: number;

  constructor(to: DecodingNodes, type: BlockType, part: FilePart) {
    this.to = to;
    this.#part = part;
    this.#blockBytes = blockTypes[type].bytes;
    this.count = part.length / this.#blockBytes;
  }

  /** Bytes `from` to `to - 1` of each: uint8 [blocks, bytes], or another shape of as many. */
  bytes(from: number, to: number, shape: readonly number[] = [to - from]): string {
    const all = this.to.mount(this.#part, 'uint8', [this.count, this.#blockBytes]);
    const columns = this.to.columns(all, from, to);
    return shape.length === 1 ? columns : this.to.reshape(columns, [this.count, ...shape]);
  }

  /** Like {@link bytes}, as int8. */
  signedBytes(from: number, to: number): string {
    return this.to.columns(this.to.mount(this.#part, 'int8', [this.count, this.#blockBytes]), from, to);
  }

  /** The float16 that begins at an even byte of each, as float32 [blocks, 1]. */
  half(from: number): string {
    // The file is read as float16 as well: the bytes of a block and the offsets of tensors are even.
    const all = this.to.mount(this.#part, 'float16', [this.count, this.#blockBytes / 2]);
    return this.to.numbers(this.to.columns(all, from / 2, from / 2 + 1));
  }

  /** Like {@link half}, as [blocks, 1, 1], to be multiplied with what is in sub-blocks. */
  halfOfSubBlocks = (from: number): string => this.to.reshape(this.half(from), [this.count, 1, 1]);

  /** The low nibbles of some bytes of each, and then the high ones: uint8 [blocks, 2 * bytes]. */
  nibbles(from: number, to: number): string {
    const bytes = this.bytes(from, to);
    return this.to.concat([this.to.bits(bytes, 0x0f), this.to.bits(bytes, 0xff, [4])], 1);
  }

  /** 32 bits of each, the first in the lowest bit of the first byte: float32 [blocks, 32]. */
  bitsOf(from: number): string {
    const bits = this.to.bits(this.bytes(from, from + 4, [4, 1]), 1, [0, 1, 2, 3, 4, 5, 6, 7]);
    return this.to.numbers(this.to.reshape(bits, [this.count, 32]));
  }

  /** Two bits each of some bytes, 32 bytes after 32 bytes and of those first the lowest bits: uint8 [blocks, n, 4, 32]. */
  pairsOfBits(from: number, to: number): string {
    const bytes = this.bytes(from, to, [(to - from) / 32, 1, 32]);
    return this.to.bits(bytes, 3, [0, 2, 4, 6], [1, 1, 4, 1]);
  }
}

/** Makes float32 numbers of blocks, in the order of the tensor and in any shape. Each operation rounds as ggml's does. */
export type BlockDecoder = (blocks: Blocks) => string;
