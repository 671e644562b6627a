import type { Component } from '../checkpoint/component.js';
import { invalidFiles } from '../checkpoint/invalid-files.js';
import type { TensorDtype, TensorLocation } from '../checkpoint/safetensors.js';
import { elementBytes } from '../checkpoint/safetensors.js';
import { commonFolder, relativeLocation } from './external-files.js';
import {
  type Attribute,
  type ElementType,
  elementTypes,
  encodeModel,
  type NodeDescription,
  type PortDescription,
} from './onnx.js';

/** A tensor inside the graph being built. */
export interface Value {
  readonly name: string;
}

export type GraphPort = PortDescription;

/**
 * A finished graph, ready for
 * `InferenceSession.create(model, { extra: { session: { model_external_initializers_file_folder_path: externalFolder } } })`.
 */
export interface Graph {
  /** ONNX, without the weights: they stay in the checkpoint's own files. */
  readonly model: Uint8Array;
  /** Absolute path of the folder that all mounted files lie under; empty when no file is mounted. */
  readonly externalFolder: string;
  readonly inputs: readonly GraphPort[];
  readonly outputs: readonly GraphPort[];
}

const mountedTypes: Partial<Record<TensorDtype, ElementType>> = {
  F32: 'float32',
  F16: 'float16',
  BF16: 'bfloat16',
  F64: 'float64',
};

/** com.microsoft holds ONNX Runtime's own operators (MultiHeadAttention, QuickGelu, ...). */
const operatorSets = { '': 20, 'com.microsoft': 1 };

interface Mounted {
  readonly name: string;
  readonly shape: readonly number[];
  readonly location: TensorLocation;
}

/**
 * Writes one network as an ONNX graph over the tensors of a checkpoint's component.
 *
 * The graph computes in float32; weights stored otherwise are converted once, when ONNX Runtime folds constants at load.
 */
export class GraphBuilder {
  readonly #component: Component;
  readonly #nodes: NodeDescription[] = [];
  readonly #inputs: GraphPort[] = [];
  readonly #outputs: GraphPort[] = [];
  readonly #constants = new Map<
    string,
    { name: string; type: ElementType; shape: number[]; data: Uint8Array }
  >();
  readonly #mounted = new Map<string, Mounted>();
  readonly #memo = new Map<string, Value>();
  readonly #counters = new Map<string, number>();

  constructor(component: Component) {
    this.#component = component;
  }

  /** Declares an input; a dimension given by name is free at each run. */
  input(name: string, type: ElementType, shape: readonly (number | string)[]): Value {
    this.#inputs.push({ name, type, shape });
    return { name };
  }

  /** Declares `value` an output under that name. */
  output(name: string, value: Value, type: ElementType, shape: readonly (number | string)[]): void {
    this.#outputs.push({ name, type, shape });
    this.#nodes.push({
      operator: 'Identity',
      domain: '',
      inputs: [value.name],
      outputs: [name],
      attributes: {},
    });
  }

  /** Adds a node of ai.onnx with one output; an input of `null` is left out. */
  node(
    operator: string,
    inputs: readonly (Value | null)[],
    attributes: Readonly<Record<string, Attribute>> = {},
    domain: '' | 'com.microsoft' = '',
  ): Value {
    const output = { name: this.#name(operator) };
    this.#nodes.push({
      operator,
      domain,
      inputs: inputs.map((input) => input?.name ?? ''),
      outputs: [output.name],
      attributes,
    });
    return output;
  }

  /** Adds a node of com.microsoft. */
  contrib(
    operator: string,
    inputs: readonly (Value | null)[],
    attributes: Readonly<Record<string, Attribute>> = {},
  ): Value {
    return this.node(operator, inputs, attributes, 'com.microsoft');
  }

  /** A float32 constant; the shape is that of a vector unless given. Equal constants are stored once. */
  floats(values: readonly number[] | Float32Array, shape: readonly number[] = [values.length]): Value {
    return this.#constant('float32', new Uint8Array(Float32Array.from(values).buffer), shape);
  }

  /** An int64 constant: a vector unless a shape is given. */
  integers(values: readonly number[], shape: readonly number[] = [values.length]): Value {
    return this.#constant('int64', new Uint8Array(BigInt64Array.from(values, BigInt).buffer), shape);
  }

  /** Returns the value made for `key` before, or makes it: for what several blocks share. */
  once(key: string, make: () => Value): Value {
    const known = this.#memo.get(key);
    if (known) return known;
    const made = make();
    this.#memo.set(key, made);
    return made;
  }

  /** Whether the checkpoint has a tensor of that name. */
  has(name: string): boolean {
    return this.#component.tensors.has(name);
  }

  /**
   * A weight of the checkpoint as a float32 constant; its data stay in the file.
   *
   * Trailing dimensions of 1 need not agree with the file's: a linear layer and a 1x1 convolution lie there alike.
   *
   * @throws ERR_MODEL_FILES_INVALID when it is missing, of another shape, or not of a floating-point type
   */
  mount(name: string, shape: readonly number[]): Value {
    return this.#float32(this.mountStored(name, shape), name);
  }

  /** Rows `firstRow` to `firstRow + rows - 1` of a weight whose whole shape is `shape`, as a float32 constant. */
  mountRows(name: string, shape: readonly number[], firstRow: number, rows: number): Value {
    const key = `${name}[${firstRow}:${firstRow + rows}]`;
    const whole = this.#locate(name, shape);
    const rowBytes = whole.length / (shape[0] ?? 1);
    const location = { ...whole, offset: whole.offset + firstRow * rowBytes, length: rows * rowBytes };
    return this.#float32(this.#mountAt(key, [rows, ...shape.slice(1)], location), name, key);
  }

  /** Like {@link mount}, in the type it is stored in: for tables that are only looked up, which need no conversion as a whole. */
  mountStored(name: string, shape: readonly number[]): Value {
    return this.#mountAt(name, shape, this.#locate(name, shape));
  }

  /** Closes the graph. */
  finish(): Graph {
    const mounted = [...this.#mounted.values()];
    const externalFolder = commonFolder(mounted.map(({ location }) => location.file));
    const model = encodeModel({
      name: this.#component.name,
      nodes: this.#nodes,
      initializers: [
        ...this.#constants.values(),
        ...mounted.map(({ name, shape, location }) => ({
          name,
          shape,
          type: mountedTypes[location.dtype] as ElementType,
          data: {
            location: relativeLocation(externalFolder, location.file),
            offset: location.offset,
            length: location.length,
          },
        })),
      ],
      inputs: this.#inputs,
      outputs: this.#outputs,
      operatorSets,
    });
    return { model, externalFolder, inputs: this.#inputs, outputs: this.#outputs };
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
        `${location.file}: tensor "${name}" is stored as ${location.dtype} (${elementBytes[location.dtype]} bytes each).`,
        'Use a version of the model in F32, F16 or BF16.',
      );
    }
    return location;
  }

  #mountAt(name: string, shape: readonly number[], location: TensorLocation): Value {
    this.#mounted.set(name, { name, shape, location });
    return { name };
  }

  #float32(stored: Value, tensor: string, key = tensor): Value {
    const dtype = this.#component.tensors.get(tensor)?.dtype;
    if (dtype === 'F32') return stored;
    return this.once(`float32 of ${key}`, () => this.node('Cast', [stored], { to: elementTypes.float32 }));
  }

  #constant(type: ElementType, data: Uint8Array, shape: readonly number[]): Value {
    const key = `${type} [${shape}] ${Buffer.from(data).toString('base64')}`;
    let constant = this.#constants.get(key);
    if (!constant) {
      constant = { name: this.#name('constant'), type, shape: [...shape], data };
      this.#constants.set(key, constant);
    }
    return { name: constant.name };
  }

  #name(kind: string): string {
    const count = this.#counters.get(kind) ?? 0;
    this.#counters.set(kind, count + 1);
    // A slash appears in no checkpoint's tensor names, so these cannot clash with mounted ones.
    return `${kind}/${count}`;
  }
}

function withoutTrailingOnes(shape: readonly number[]): string {
  let length = shape.length;
  while (length > 1 && shape[length - 1] === 1) length -= 1;
  return String(shape.slice(0, length));
}
