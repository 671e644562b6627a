import type { Component } from '../checkpoint/component.js';
import type { LoraLayer } from '../checkpoint/lora-layer.js';
import type { TensorLocation } from '../checkpoint/safetensors.js';
import { type MountedWeight, MountedWeights } from './mounted-weights.js';
import {
  type Attribute,
  type ElementType,
  elementTypes,
  encodeModel,
  type InitializerDescription,
  type NodeDescription,
  type PortDescription,
} from './onnx/onnx.js';

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
  /** Bytes that the weights take in float32. */
  readonly weightBytes: number;
  readonly inputs: readonly GraphPort[];
  readonly outputs: readonly GraphPort[];
}

type Attributes = Readonly<Record<string, Attribute>>;
type Shape = readonly (number | string)[];

/** com.microsoft holds ONNX Runtime's own operators (MultiHeadAttention, QuickGelu, ...). */
const operatorSets = { '': 20, 'com.microsoft': 1 };

/**
 * Writes one network as an ONNX graph over the tensors of a checkpoint's component.
 *
 * The graph computes in float32; weights stored otherwise are converted once, when ONNX Runtime folds constants at load.
 */
export class GraphBuilder {
  readonly #component: Component;
  readonly #weights: MountedWeights;
  readonly #nodes: NodeDescription[] = [];
  readonly #inputs: GraphPort[] = [];
  readonly #outputs: GraphPort[] = [];
  readonly #constants = new Map<string, InitializerDescription>();
  readonly #shared = new Map<string, Value>();
  readonly #counters = new Map<string, number>();

  constructor(component: Component) {
    this.#component = component;
    this.#weights = new MountedWeights(component);
  }

  /** Declares an input; a dimension given by name is free at each run. */
  input(name: string, type: ElementType, shape: Shape): Value {
    this.#inputs.push({ name, type, shape });
    return { name };
  }

  /** Declares `value` an output under that name. */
  output(name: string, value: Value, type: ElementType, shape: Shape): void {
    this.#outputs.push({ name, type, shape });
    this.#addNode('Identity', '', [value], name, {});
  }

  /** Adds a node of ai.onnx with one output; an input of `null` is left out. */
  node(operator: string, inputs: readonly (Value | null)[], attributes: Attributes = {}): Value {
    return this.#addNode(operator, '', inputs, this.#newName(operator), attributes);
  }

  /** Adds a node of com.microsoft with one output; an input of `null` is left out. */
  contrib(operator: string, inputs: readonly (Value | null)[], attributes: Attributes = {}): Value {
    return this.#addNode(operator, 'com.microsoft', inputs, this.#newName(operator), attributes);
  }

  /** A float32 constant; the shape is that of a vector unless given. Equal constants are stored once. */
  floats(values: readonly number[] | Float32Array, shape: readonly number[] = [values.length]): Value {
    return this.#constant('float32', new Uint8Array(Float32Array.from(values).buffer), shape);
  }

  /** An int64 constant: a vector unless a shape is given. Equal constants are stored once. */
  integers(values: readonly number[], shape: readonly number[] = [values.length]): Value {
    return this.#constant('int64', new Uint8Array(BigInt64Array.from(values, BigInt).buffer), shape);
  }

  /** Returns the value made for `key` before, or makes it: for what several blocks share. */
  once(key: string, make: () => Value): Value {
    const known = this.#shared.get(key);
    if (known) return known;
    const made = make();
    this.#shared.set(key, made);
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
    return this.#matrix(this.#weights.mount(name, shape));
  }

  /** Rows `firstRow` to `firstRow + rows - 1` of a weight whose whole shape is `shape`; otherwise like {@link mount}. */
  mountRows(name: string, shape: readonly number[], firstRow: number, rows: number): Value {
    return this.#float32(this.#weights.mountRows(name, shape, firstRow, rows));
  }

  /** Like {@link mount}, for a tensor of another file, under a name of its own. */
  mountLocation(name: string, location: TensorLocation, shape: readonly number[]): Value {
    return this.#matrix(this.#weights.mountLocation(name, location, shape));
  }

  /** Like {@link mountRows}, for a tensor of another file, under a name of its own. */
  mountLocationRows(
    name: string,
    location: TensorLocation,
    shape: readonly number[],
    firstRow: number,
    rows: number,
  ): Value {
    return this.#float32(this.#weights.mountLocationRows(name, location, shape, firstRow, rows));
  }

  /** What the LoRAs of the component add to a layer, each with its place in the order of LoRAs. */
  loraLayers(path: string): readonly { readonly index: number; readonly layer: LoraLayer }[] {
    return (this.#component.loras ?? []).flatMap(({ layers }, index) => {
      const layer = layers.get(path);
      return layer ? [{ index, layer }] : [];
    });
  }

  /** How many LoRAs the component has. */
  get loraCount(): number {
    return this.#component.loras?.length ?? 0;
  }

  /** Like {@link mount}, in the type that it is stored in: for tables that are only looked up, not computed with. */
  mountStored(name: string, shape: readonly number[]): Value {
    return this.#weights.mount(name, shape);
  }

  /** Closes the graph. */
  finish(): Graph {
    const { externalFolder, initializers, float32Bytes } = this.#weights.finish();
    const model = encodeModel({
      name: this.#component.name,
      nodes: this.#nodes,
      initializers: [...this.#constants.values(), ...initializers],
      inputs: this.#inputs,
      outputs: this.#outputs,
      operatorSets,
    });
    return {
      model,
      externalFolder,
      weightBytes: float32Bytes,
      inputs: this.#inputs,
      outputs: this.#outputs,
    };
  }

  #matrix(weight: MountedWeight): Value {
    const value = this.#float32(weight);
    if (!weight.transposed) return value;
    return this.once(`transpose of ${weight.name}`, () => this.node('Transpose', [value], { perm: [1, 0] }));
  }

  #float32(weight: MountedWeight): Value {
    if (weight.type === 'float32') return weight;
    return this.once(`float32 of ${weight.name}`, () =>
      this.node('Cast', [weight], { to: elementTypes.float32 }),
    );
  }

  #constant(type: ElementType, data: Uint8Array, shape: readonly number[]): Value {
    const key = `${type} [${shape}] ${Buffer.from(data).toString('base64')}`;
    const known = this.#constants.get(key);
    if (known) return known;
    const constant = { name: this.#newName('constant'), type, shape: [...shape], data };
    this.#constants.set(key, constant);
    return constant;
  }

  #addNode(
    operator: string,
    domain: string,
    inputs: readonly (Value | null)[],
    output: string,
    attributes: Attributes,
  ): Value {
    const names = inputs.map((input) => input?.name ?? '');
    this.#nodes.push({ operator, domain, inputs: names, outputs: [output], attributes });
    return { name: output };
  }

  #newName(kind: string): string {
    const count = this.#counters.get(kind) ?? 0;
    this.#counters.set(kind, count + 1);
    // A slash appears in no checkpoint's tensor names, so these cannot clash with mounted ones.
    return `${kind}/${count}`;
  }
}
