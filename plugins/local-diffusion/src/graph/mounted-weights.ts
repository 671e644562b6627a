import type { Component } from '../checkpoint/component.js';
import { invalidFiles } from '../checkpoint/invalid-files.js';
import { nearestNamesText } from '../checkpoint/nearest-names.js';
import type { TensorDtype, TensorLocation } from '../checkpoint/safetensors.js';
import { shapesAgree } from '../checkpoint/shapes.js';
import { commonFolder, relativeLocation } from './external-files.js';
import type { ElementType, InitializerDescription } from './onnx/onnx.js';

/** The types that a network's weights may be stored in. */
const mountedTypes: Partial<Record<TensorDtype, ElementType>> = {
  F32: 'float32',
  F16: 'float16',
  BF16: 'bfloat16',
  F64: 'float64',
};

/** A weight that a graph uses: its name there, and the type it is stored in. */
export interface MountedWeight {
  readonly name: string;
  readonly type: ElementType;
  /** It lies there with rows and columns exchanged; absent means that it does not. */
  readonly transposed?: true;
}

interface Mounting extends MountedWeight {
  readonly shape: readonly number[];
  readonly location: TensorLocation;
}

/**
 * The tensors of a component that a graph uses, as initialisers that point into the checkpoint's own files.
 *
 * Trailing dimensions of 1 need not agree with the file's: a linear layer and a 1x1 convolution lie there alike.
 */
export class MountedWeights {
  readonly #component: Component;
  readonly #mountings = new Map<string, Mounting>();

  constructor(component: Component) {
    this.#component = component;
  }

  /** @throws ERR_MODEL_FILES_INVALID when the tensor is missing, of another shape, or not of a floating-point type */
  mount(name: string, shape: readonly number[]): MountedWeight {
    return this.mountLocation(name, this.#find(name), shape);
  }

  /**
   * Mounts the rows `firstRow` to `firstRow + rows - 1` of a tensor whose whole shape is `shape`; throws like {@link mount}. A transposed
   * tensor has no rows that lie in one piece, and none is asked for by rows.
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
    const rowBytes = whole.length / shape[0]!;
    const location = { ...whole, offset: whole.offset + firstRow * rowBytes, length: rows * rowBytes };
    return this.#mountAt(`${name}[${firstRow}:${firstRow + rows}]`, [rows, ...shape.slice(1)], location);
  }

  /** Everything mounted so far, the folder that its locations are relative to, and the bytes that it takes in float32. */
  finish(): {
    readonly externalFolder: string;
    readonly initializers: readonly InitializerDescription[];
    readonly float32Bytes: number;
  } {
    const mountings = [...this.#mountings.values()];
    const externalFolder = commonFolder(mountings.map(({ location }) => location.file));
    const initializers = mountings.map(({ name, type, shape, location: { file, offset, length } }) => ({
      name,
      type,
      shape,
      data: { location: relativeLocation(externalFolder, file), offset, length },
    }));
    const float32Bytes = initializers.reduce(
      (sum, { shape }) => sum + shape.reduce((one, other) => one * other, 4),
      0,
    );
    return { externalFolder, initializers, float32Bytes };
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
    if (!shapesAgree(location.shape, shape)) {
      throw invalidFiles(
        `${location.file}: tensor "${name}" has the shape [${location.shape}], but ${this.#component.configFile} calls for [${shape}].`,
      );
    }
    if (!mountedTypes[location.dtype]) {
      throw invalidFiles(
        `${location.file}: tensor "${name}" is stored as ${location.dtype}, which cannot be computed with.`,
        'Use a version of the model in F32, F16 or BF16.',
      );
    }
  }

  #mountAt(name: string, shape: readonly number[], location: TensorLocation): MountedWeight {
    const { transposed } = location;
    const mounting = {
      name,
      type: mountedTypes[location.dtype]!,
      shape: transposed ? shape.toReversed() : shape,
      location,
      ...(transposed && { transposed }),
    };
    this.#mountings.set(name, mounting);
    return mounting;
  }
}
