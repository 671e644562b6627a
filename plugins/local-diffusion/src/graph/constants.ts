import { type ElementType, elementBytes, elementsIn, type Initializer } from './graph.js';
import type { Operand } from './shapes/mismatch.js';

/** Constants of up to so many numbers may be shapes, axes or factors: what they hold is known. */
const knownNumbers = 8;

/** The constants of a graph. Equal ones are stored once. */
export class Constants {
  readonly #newName: () => string;
  readonly #made = new Map<string, { readonly initializer: Initializer; readonly value: Operand }>();

  /** `newName` gives a name that nothing else in the graph has. */
  constructor(newName: () => string) {
    this.#newName = newName;
  }

  get initializers(): readonly Initializer[] {
    return [...this.#made.values()].map(({ initializer }) => initializer);
  }

  floats(values: readonly number[] | Float32Array, shape: readonly number[]): Operand {
    return this.#constant('float32', new Uint8Array(Float32Array.from(values).buffer), shape, values);
  }

  integers(values: readonly number[], shape: readonly number[]): Operand {
    return this.#constant('int64', new Uint8Array(BigInt64Array.from(values, BigInt).buffer), shape, values);
  }

  /** float16, by their bits. */
  halves(bits: Uint16Array, shape: readonly number[]): Operand {
    return this.#constant('float16', new Uint8Array(bits.buffer, bits.byteOffset, bits.byteLength), shape);
  }

  #constant(
    type: ElementType,
    data: Uint8Array,
    shape: readonly number[],
    numbers: readonly number[] | Float32Array = [],
  ): Operand {
    const key = `${type} [${shape}] ${Buffer.from(data).toString('base64')}`;
    const known = this.#made.get(key);
    if (known) return known.value;
    if (elementsIn(shape) * elementBytes[type] !== data.length)
      throw new Error(`a constant of ${data.length} bytes is not ${type} [${shape}]`);
    const initializer = { name: this.#newName(), type, shape: [...shape], data };
    const elements = numbers.length > 0 && numbers.length <= knownNumbers ? [...numbers] : undefined;
    const value = { name: initializer.name, type, shape: initializer.shape, elements };
    this.#made.set(key, { initializer, value });
    return value;
  }
}
