import type { Component } from '../checkpoint/component.js';
import { isBlockType } from '../checkpoint/gguf/block-types.js';
import { invalidFiles } from '../checkpoint/invalid-files.js';
import { nearestNamesText } from '../checkpoint/nearest-names.js';
import type { TensorDtype, TensorLocation } from '../checkpoint/safetensors.js';
import { shapesAgree } from '../checkpoint/shapes.js';
import { paddedTo } from '../checkpoint/tensor-location.js';
import { rowsOf } from '../checkpoint/tensor-rows.js';
import type { BlockStorage, ElementType, Initializer, PackedStorage } from './graph.js';

/** The types that a network's weights may be stored in. */
const mountedTypes: Partial<Record<TensorDtype, ElementType>> = {
  F32: 'float32',
  F16: 'float16',
  BF16: 'bfloat16',
  F64: 'float64',
  F8_E4M3: 'float8e4m3fn',
  F8_E5M2: 'float8e5m2',
};

/** Those that they may be stored in only where other tensors belong to them. */
const packedTypes: Partial<Record<TensorDtype, ElementType>> = { I8: 'int8', U8: 'uint8' };

/** How the elements of a tensor are stored, where a network's weights may be stored so. */
function storageOf({
  dtype,
  shape,
  rows,
  packing,
}: TensorLocation): ElementType | BlockStorage | PackedStorage | undefined {
  if (isBlockType(dtype)) return { blocks: dtype, rows };
  if (!packing) return mountedTypes[dtype];
  const element = packedTypes[dtype] ?? mountedTypes[dtype];
  return element && { packing, element, rows: rows ?? { first: 0, wholeShape: shape } };
}

/** Whether a packed tensor has what is wanted, and nothing but filling beside it. */
function isFilledUp({ shape, packing }: TensorLocation, wanted: readonly number[]): boolean {
  const unit = packing ? paddedTo[packing.kind] : 1;
  return (
    shape.length === wanted.length &&
    shape.every((size, axis) => size === Math.ceil(wanted[axis]! / unit) * unit)
  );
}

/** The shape without as many leading dimensions of 1 as it has more than another. */
function withoutLeadingOnes(shape: readonly number[], dimensions: number): readonly number[] {
  const first = shape.findIndex((size) => size !== 1);
  return shape.slice(Math.max(0, Math.min(first, shape.length - dimensions)));
}

/** A weight that a graph uses: an initialiser that points into a checkpoint's file. */
export interface MountedWeight extends Initializer {
  /** Whether it lies there with rows and columns exchanged; `shape` is as it lies. */
  readonly isTransposed: boolean;
}

/**
 * The tensors of a component that a graph uses, as initialisers that point into the checkpoint's own files.
 *
 * Trailing dimensions of 1 need not agree with the file's: a linear layer and a 1x1 convolution lie there
 * alike.
 */
export class MountedWeights {
  readonly #component: Component;
  readonly #mounted = new Map<string, MountedWeight>();

  constructor(component: Component) {
    this.#component = component;
  }

  /**
   * @throws ERR_MODEL_FILES_INVALID when the tensor is missing, of another shape, or not of a floating-point
   * type
   */
  mount(name: string, shape: readonly number[]): MountedWeight {
    return this.mountLocation(name, this.#find(name), shape);
  }

  /**
   * Like {@link mount}, in the type that it is stored in unless that is one of blocks; a tensor is mounted in
   * one way or the other.
   */
  mountStored(name: string, shape: readonly number[]): MountedWeight {
    const location = this.#find(name);
    this.#check(name, location, shape);
    const storage = storageOf(location)!;
    return this.#mountAt(name, shape, location, typeof storage === 'string' ? storage : 'float32');
  }

  /**
   * Mounts the rows `firstRow` to `firstRow + rows - 1` of a tensor whose whole shape is `shape`; throws like
   * {@link mount}. A transposed tensor has no rows that lie in one piece, and none is asked for by rows.
   */
  mountRows(name: string, shape: readonly number[], firstRow: number, rows: number): MountedWeight {
    return this.mountLocationRows(name, this.#find(name), shape, firstRow, rows);
  }

  /** Like {@link mount}, for a tensor that lies elsewhere; `name` is free to choose, and used once. */
  mountLocation(name: string, location: TensorLocation, shape: readonly number[]): MountedWeight {
    this.#check(name, location, shape);
    return this.#mountAt(name, shape, location);
  }

  /** Like {@link mountRows}, for a tensor that lies elsewhere. */
  mountLocationRows(
    name: string,
    whole: TensorLocation,
    shape: readonly number[],
    firstRow: number,
    rows: number,
  ): MountedWeight {
    this.#check(name, whole, shape);
    if (whole.transposed) throw new Error(`the rows of "${name}" do not lie in one piece`);
    const start = whole.halvesSwapped ? (firstRow + shape[0]! / 2) % shape[0]! : firstRow;
    const location = rowsOf(whole.packing ? whole : { ...whole, shape }, start, rows);
    return this.#mountAt(`${name}[${firstRow}:${firstRow + rows}]`, [rows, ...shape.slice(1)], location);
  }

  /** Whether the file holds the halves of a tensor in the other order, so that it is mounted by halves. */
  isSwapped(name: string): boolean {
    return this.#component.tensors.get(name)?.halvesSwapped === true;
  }

  /** Everything mounted so far. */
  get initializers(): readonly Initializer[] {
    return [...this.#mounted.values()];
  }

  #find(name: string): TensorLocation {
    const { name: component, configFile, tensors } = this.#component;
    const location = tensors.get(name);
    if (location) return location;
    throw invalidFiles(
      `The weights of "${component}" have no tensor "${name}", which ${configFile} calls for.${nearestNamesText(name, tensors.keys())}`,
    );
  }

  #check(name: string, location: TensorLocation, shape: readonly number[]): void {
    const wanted = location.mayLackOnes ? withoutLeadingOnes(shape, location.shape.length) : shape;
    if (!shapesAgree(location.shape, wanted) && !isFilledUp(location, wanted)) {
      throw invalidFiles(
        `${location.file}: tensor "${name}" has the shape [${location.shape}], but ${this.#component.configFile} calls for [${shape}].`,
      );
    }
    if (!storageOf(location)) {
      throw invalidFiles(
        `${location.file}: tensor "${name}" is stored as ${location.dtype}, which cannot be computed with.`,
        'Use a version of the model in F32, F16, BF16, F8 or GGUF.',
      );
    }
  }

  #mountAt(
    name: string,
    shape: readonly number[],
    location: TensorLocation,
    type: ElementType = 'float32',
  ): MountedWeight {
    const { file, offset, length, transposed } = location;
    const storage = storageOf(location);
    const weight: MountedWeight = {
      name,
      type,
      shape: transposed ? shape.toReversed() : shape,
      ...(storage !== type && storage && { storage }),
      data: { file, offset, length },
      isTransposed: transposed === true,
    };
    this.#mounted.set(name, weight);
    return weight;
  }
}
