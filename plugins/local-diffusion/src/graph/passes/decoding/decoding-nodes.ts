import { createHash } from 'node:crypto';
import {
  type ElementType,
  type FilePart,
  filePartOf,
  type GraphNode,
  type Initializer,
} from '../../graph.js';
import { elementTypes } from '../../onnx/element-types.js';

/** Writes nodes that make numbers of weights as they are stored. Values are known by their names. */
export class DecodingNodes {
  readonly #nodes: GraphNode[] = [];
  readonly #initializers = new Map<string, Initializer>();

  get nodes(): readonly GraphNode[] {
    return this.#nodes;
  }

  get initializers(): readonly Initializer[] {
    return [...this.#initializers.values()];
  }

  /** A part of a file, as elements of a type. */
  mount(part: FilePart, type: ElementType, shape: readonly number[]): string {
    const name = `decoding/${part.file}:${part.offset}:${part.length}/${type}[${shape}]`;
    this.#initializers.set(name, { name, type, shape, data: part });
    return name;
  }

  /** Uint8 constants. */
  bytes(values: readonly number[], shape: readonly number[] = [values.length]): string {
    return this.#constant('uint8', Uint8Array.from(values), shape);
  }

  /** Constants that are true where a number is not 0. */
  booleans(values: readonly number[], shape: readonly number[]): string {
    return this.#constant(
      'bool',
      Uint8Array.from(values, (value) => (value === 0 ? 0 : 1)),
      shape,
    );
  }

  /** Uint32 constants. */
  words(values: readonly number[], shape: readonly number[] = [values.length]): string {
    return this.#constant('uint32', new Uint8Array(Uint32Array.from(values).buffer), shape);
  }

  /** Int8 constants. */
  signedBytes(values: ArrayLike<number>, shape: readonly number[] = [values.length]): string {
    return this.#constant('int8', new Uint8Array(Int8Array.from(values).buffer), shape);
  }

  /** Bytes of whose bits those from `place` on are given apart. */
  joinBits(low: string, high: string, place: number): string {
    const shifted = this.add('BitShift', [high, this.bytes([place])], { direction: 'LEFT' });
    return this.add('BitwiseOr', [low, shifted]);
  }

  floats(values: ArrayLike<number>, shape: readonly number[] = [values.length]): string {
    return this.#constant('float32', new Uint8Array(Float32Array.from(values).buffer), shape);
  }

  integers(values: readonly number[]): string {
    return this.#constant('int64', new Uint8Array(BigInt64Array.from(values, BigInt).buffer), [
      values.length,
    ]);
  }

  add(operator: string, inputs: readonly string[], attributes: GraphNode['attributes'] = {}): string {
    const name = `decoded/${this.#nodes.length}`;
    this.addAs(name, operator, inputs, attributes);
    return name;
  }

  /** Like {@link add}, under a name of its own. */
  addAs(
    name: string,
    operator: string,
    inputs: readonly string[],
    attributes: GraphNode['attributes'] = {},
  ): void {
    this.#nodes.push({ operator, domain: '', inputs, outputs: [name], attributes });
  }

  /** Columns `from` to `to - 1` of a matrix. */
  columns(value: string, from: number, to: number): string {
    return this.slice(value, 1, from, to);
  }

  slice(value: string, axis: number, from: number, to: number): string {
    const bounds = [from, to, axis].map((each) => this.integers([each]));
    return this.add('Slice', [value, ...bounds]);
  }

  reshape(value: string, shape: readonly number[]): string {
    return this.add('Reshape', [value, this.integers(shape)]);
  }

  cast(value: string, type: ElementType): string {
    return this.add('Cast', [value], { to: elementTypes[type] });
  }

  /** Bits of bytes: shifted down by the amounts given, which are broadcast, and then those of the mask. */
  bits(value: string, mask: number, amounts: readonly number[] = [0], shape?: readonly number[]): string {
    const isShifted = amounts.some((amount) => amount !== 0);
    const shifted = isShifted
      ? this.add('BitShift', [value, this.bytes(amounts, shape)], { direction: 'RIGHT' })
      : value;
    return mask === 0xff ? shifted : this.add('BitwiseAnd', [shifted, this.bytes([mask])]);
  }

  /** Like {@link bits}, of uint32. */
  bitsOfWords(value: string, mask: number, amounts: readonly number[], shape?: readonly number[]): string {
    const shifted = this.add('BitShift', [value, this.words(amounts, shape)], { direction: 'RIGHT' });
    return this.add('BitwiseAnd', [shifted, this.words([mask])]);
  }

  /** Uint32 of whose bits those from `place` on are given apart, as bytes or as uint32. */
  joinWords(low: string, high: string, place: number): string {
    const [lowWords, highWords] = [low, high].map((value) => this.cast(value, 'uint32')) as [string, string];
    const shifted = this.add('BitShift', [highWords, this.words([place])], { direction: 'LEFT' });
    return this.add('BitwiseOr', [lowWords, shifted]);
  }

  /** Bytes as float32. */
  numbers(value: string): string {
    return this.cast(value, 'float32');
  }

  concat(values: readonly string[], axis: number): string {
    return this.add('Concat', values, { axis });
  }

  /** The entries of a table, by indices of any whole type. */
  lookUp(table: string, indices: string): string {
    return this.add('Gather', [table, this.cast(indices, 'int32')], { axis: 0 });
  }

  #constant(type: ElementType, data: Uint8Array, shape: readonly number[]): string {
    const name = `decoding/${type}[${shape}] ${createHash('sha256').update(data).digest('base64')}`;
    this.#initializers.set(name, { name, type, shape, data });
    return name;
  }
}

/** The part of a file that an initialiser lies in. */
export function filePartOfStored(initializer: Initializer): FilePart {
  const part = filePartOf(initializer);
  if (!part) throw new Error(`"${initializer.name}" is stored in blocks, and lies in no file`);
  return part;
}
