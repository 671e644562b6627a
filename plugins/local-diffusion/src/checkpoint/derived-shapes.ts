import { invalidFiles } from './invalid-files.js';
import { nearestNamesText } from './nearest-names.js';
import type { TensorLocation } from './safetensors.js';

/** The tensors of one network that a config is told from. */
export class DerivedShapes {
  readonly #tensors: ReadonlyMap<string, TensorLocation>;
  readonly #what: string;

  /** @param what for messages, e.g. `the unet of /models/a.safetensors` */
  constructor(tensors: ReadonlyMap<string, TensorLocation>, what: string) {
    this.#tensors = tensors;
    this.#what = what;
  }

  has(name: string): boolean {
    return this.#tensors.has(name);
  }

  /**
   * A dimension of a tensor.
   * @throws ERR_MODEL_FILES_INVALID when there is no such tensor, or it has fewer dimensions
   */
  size(name: string, axis: number): number {
    const tensor = this.#tensors.get(name);
    if (!tensor) {
      throw invalidFiles(
        `The tensor "${name}" of ${this.#what} is missing.${nearestNamesText(name, this.#tensors.keys())}`,
        'The file is incomplete, or of a kind that this engine does not know.',
      );
    }
    const size = tensor.shape[axis];
    if (size === undefined) {
      throw invalidFiles(
        `${tensor.file}: tensor "${name}" has the shape [${tensor.shape}], which is too short.`,
      );
    }
    return size;
  }

  /** How many of `name(0)`, `name(1)`, ... there are. */
  count(name: (index: number) => string): number {
    let count = 0;
    while (this.#tensors.has(name(count))) count += 1;
    return count;
  }
}

/** The numbers 0 to `count - 1`, each put through `make`. */
export const each = <Value>(count: number, make: (index: number) => Value): Value[] =>
  Array.from({ length: count }, (_, index) => make(index));
