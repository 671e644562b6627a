import type { Component } from '../checkpoint/component.js';
import { invalidFiles } from '../checkpoint/invalid-files.js';
import type { TensorDtype, TensorLocation } from '../checkpoint/safetensors.js';
import { commonFolder, relativeLocation } from './external-files.js';
import type { ElementType, InitializerDescription } from './onnx.js';

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
    return this.#mountAt(name, shape, this.#locate(name, shape));
  }

  /** Mounts the rows `firstRow` to `firstRow + rows - 1` of a tensor whose whole shape is `shape`; throws like {@link mount}. */
  mountRows(name: string, shape: readonly number[], firstRow: number, rows: number): MountedWeight {
    const whole = this.#locate(name, shape);
    const rowBytes = whole.length / shape[0]!;
    const location = { ...whole, offset: whole.offset + firstRow * rowBytes, length: rows * rowBytes };
    return this.#mountAt(`${name}[${firstRow}:${firstRow + rows}]`, [rows, ...shape.slice(1)], location);
  }

  /** Everything mounted so far, and the folder that its locations are relative to. */
  finish(): { readonly externalFolder: string; readonly initializers: readonly InitializerDescription[] } {
    const mountings = [...this.#mountings.values()];
    const externalFolder = commonFolder(mountings.map(({ location }) => location.file));
    const initializers = mountings.map(({ name, type, shape, location: { file, offset, length } }) => ({
      name,
      type,
      shape,
      data: { location: relativeLocation(externalFolder, file), offset, length },
    }));
    return { externalFolder, initializers };
  }

  #locate(name: string, shape: readonly number[]): TensorLocation {
    const { name: component, configFile, tensors } = this.#component;
    const location = tensors.get(name);
    if (!location) {
      throw invalidFiles(
        `The weights of "${component}" have no tensor "${name}", which ${configFile} calls for.`,
      );
    }
    if (withoutTrailingOnes(location.shape) !== withoutTrailingOnes(shape)) {
      throw invalidFiles(
        `${location.file}: tensor "${name}" has the shape [${location.shape}], but ${configFile} calls for [${shape}].`,
      );
    }
    if (!mountedTypes[location.dtype]) {
      throw invalidFiles(
        `${location.file}: tensor "${name}" is stored as ${location.dtype}, which cannot be computed with.`,
        'Use a version of the model in F32, F16 or BF16.',
      );
    }
    return location;
  }

  #mountAt(name: string, shape: readonly number[], location: TensorLocation): MountedWeight {
    const mounting = { name, type: mountedTypes[location.dtype]!, shape, location };
    this.#mountings.set(name, mounting);
    return mounting;
  }
}

function withoutTrailingOnes(shape: readonly number[]): string {
  let length = shape.length;
  while (length > 1 && shape[length - 1] === 1) length -= 1;
  return String(shape.slice(0, length));
}
