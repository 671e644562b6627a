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

  /** Numbers in each. */
  readonly elements: number;
  /** Whether codes are held, and numbers made of them at each run: a quarter of the memory, for more time. */
  readonly #holdsCodes: boolean;

  constructor(to: DecodingNodes, type: BlockType, part: FilePart, holdsCodes: boolean) {
    this.to = to;
    this.elements = blockTypes[type].elements;
    this.#holdsCodes = holdsCodes;
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

  /** Bytes from an even one on as little-endian numbers of 16 bits: uint32 [blocks, words]. */
  words(from: number, to: number): string {
    const all = this.to.mount(this.#part, 'uint16', [this.count, this.#blockBytes / 2]);
    return this.to.cast(this.to.columns(all, from / 2, to / 2), 'uint32');
  }

  /** The low nibbles of some bytes of each, and then the high ones: uint8 [blocks, 2 * bytes]. */
  nibbles(from: number, to: number): string {
    const bytes = this.bytes(from, to);
    return this.to.concat([this.to.bits(bytes, 0x0f), this.to.bits(bytes, 0xff, [4])], 1);
  }

  /**
   * (code - zero) * scale for each code: float32 [blocks, groups, numbers], or [blocks, numbers] where there
   * is one group.
   *
   * @param given.codes uint8 or, without a zero, also int8, in the order of the numbers
   * @param given.scales float32, one for each group. A group is a block unless `groups` are said
   */
  scaled({
    codes,
    zero,
    scales,
    groups = 1,
  }: {
    readonly codes: string;
    readonly zero?: number;
    readonly scales: string;
    readonly groups?: number;
  }): string {
    const all = this.count * groups;
    const numbers = this.elements / groups;
    const shape = groups === 1 ? [this.count, numbers] : [this.count, groups, numbers];
    const rows = this.to.reshape(codes, [all, numbers]);
    if (this.#holdsCodes) {
      const zeros =
        zero === undefined ? [] : [this.to.add('Expand', [this.to.bytes([zero]), this.to.integers([all])])];
      const inputs = [rows, this.to.reshape(scales, [all]), ...zeros];
      return this.to.reshape(this.to.add('DequantizeLinear', inputs, { axis: 0 }), shape);
    }
    const whole = this.to.numbers(rows);
    const moved = zero === undefined ? whole : this.to.add('Sub', [whole, this.to.floats([zero])]);
    return this.to.reshape(this.to.add('Mul', [moved, this.to.reshape(scales, [all, 1])]), shape);
  }

  /** 32 bits of each, the first in the lowest bit of the first byte: uint8 [blocks, 32]. */
  bitsOf(from: number): string {
    const bits = this.to.bits(this.bytes(from, from + 4, [4, 1]), 1, [0, 1, 2, 3, 4, 5, 6, 7]);
    return this.to.reshape(bits, [this.count, 32]);
  }

  /**
   * Two bits each of some bytes, 32 bytes after 32 bytes and of those first the lowest bits: uint8 [blocks,
   * n, 4, 32].
   */
  pairsOfBits(from: number, to: number): string {
    const bytes = this.bytes(from, to, [(to - from) / 32, 1, 32]);
    return this.to.bits(bytes, 3, [0, 2, 4, 6], [1, 1, 4, 1]);
  }
}

/**
 * Makes float32 numbers of blocks, in the order of the tensor and in any shape. Each operation rounds as
 * ggml's does.
 */
export type BlockDecoder = (blocks: Blocks) => string;
