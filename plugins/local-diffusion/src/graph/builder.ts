import type { Component } from '../checkpoint/component.js';
import { invalidFiles } from '../checkpoint/invalid-files.js';
import type { LoraLayer } from '../checkpoint/lora-layer.js';
import type { TensorLocation } from '../checkpoint/safetensors.js';
import { Constants } from './constants.js';
import type { Shape } from './dimension.js';
import {
  type Attributes,
  type ElementType,
  type Graph,
  type GraphNode,
  operatorSets,
  type Port,
  type TensorType,
} from './graph.js';
import { type MountedWeight, MountedWeights } from './mounted-weights.js';
import { infer } from './shapes/infer.js';
import { Mismatch, type Operand } from './shapes/mismatch.js';

/**
 * A tensor inside the graph being built. It knows its type and shape, so that what does not fit is told where
 * it is written.
 */
export type Value = Operand;

/**
 * Writes one network as a graph over the tensors of a checkpoint's component. Types and shapes are followed
 * from node to node.
 *
 * The graph computes in float32, however its weights are stored.
 */
export class GraphBuilder {
  readonly #component: Component;
  readonly #weights: MountedWeights;
  readonly #nodes: GraphNode[] = [];
  readonly #inputs: Port[] = [];
  readonly #outputs: Port[] = [];
  readonly #values = new Map<string, TensorType>();
  readonly #constants = new Constants(() => this.#newName('constant'));
  readonly #shared = new Map<string, Value>();
  readonly #counters = new Map<string, number>();

  constructor(component: Component) {
    this.#component = component;
    this.#weights = new MountedWeights(component);
  }

  /** Declares an input; a dimension given by name is free at each run. */
  input(name: string, type: ElementType, shape: Shape): Value {
    const port = { name, type, shape };
    this.#inputs.push(port);
    return port;
  }

  /** Declares `value` an output under that name. */
  output(name: string, value: Value): void {
    const { type, shape } = this.#addNode('Identity', '', [value], name, {});
    this.#outputs.push({ name, type, shape });
  }

  /**
   * Adds a node of ai.onnx with one output; an input of `null` is left out.
   *
   * @throws ERR_MODEL_FILES_INVALID for inputs that the operator cannot take together
   */
  node(operator: string, inputs: readonly (Value | null)[], attributes: Attributes = {}): Value {
    return this.#addNode(operator, '', inputs, this.#newName(operator), attributes);
  }

  /** Like {@link node}, of com.microsoft. */
  contrib(operator: string, inputs: readonly (Value | null)[], attributes: Attributes = {}): Value {
    return this.#addNode(operator, 'com.microsoft', inputs, this.#newName(operator), attributes);
  }

  /** A float32 constant; the shape is that of a vector unless given. Equal constants are stored once. */
  floats(values: readonly number[] | Float32Array, shape: readonly number[] = [values.length]): Value {
    return this.#constants.floats(values, shape);
  }

  /** An int64 constant: a vector unless a shape is given. Equal constants are stored once. */
  integers(values: readonly number[], shape: readonly number[] = [values.length]): Value {
    return this.#constants.integers(values, shape);
  }

  /** A float16 constant by its bits. Equal constants are stored once. */
  halves(bits: Uint16Array, shape: readonly number[]): Value {
    return this.#constants.halves(bits, shape);
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
   * @throws ERR_MODEL_FILES_INVALID when it is missing, of another shape, or not of a floating-point type
   */
  mount(name: string, shape: readonly number[]): Value {
    const zeros = this.#component.zeroColumns?.get(name);
    if (zeros === undefined) return this.#mountStoredColumns(name, shape);
    const [rows = 0, columns = 0] = shape;
    const own = this.#mountStoredColumns(name, [rows, columns - zeros]);
    return this.node('Concat', [own, this.floats(new Float32Array(rows * zeros), [rows, zeros])], {
      axis: 1,
    });
  }

  /** The columns of a weight that lie in the file. */
  #mountStoredColumns(name: string, shape: readonly number[]): Value {
    const half = this.#weights.isSwapped(name) ? shape[0]! / 2 : 0;
    const rows = (first: number) => this.mountRows(name, shape, first, half);
    if (half > 0) return this.node('Concat', [rows(0), rows(half)], { axis: 0 });
    return this.#upright(this.#weights.mount(name, shape));
  }

  /**
   * Rows `firstRow` to `firstRow + rows - 1` of a weight whose whole shape is `shape`; otherwise like {@link
   * mount}.
   */
  mountRows(name: string, shape: readonly number[], firstRow: number, rows: number): Value {
    return asValue(this.#weights.mountRows(name, shape, firstRow, rows));
  }

  /** Like {@link mount}, for a tensor of another file, under a name of its own. */
  mountLocation(name: string, location: TensorLocation, shape: readonly number[]): Value {
    const half = shape[0]! / 2;
    const rows = (first: number) => this.mountLocationRows(name, location, shape, first, half);
    if (location.halvesSwapped) return this.node('Concat', [rows(0), rows(half)], { axis: 0 });
    return this.#upright(this.#weights.mountLocation(name, location, shape));
  }

  /** Like {@link mountRows}, for a tensor of another file, under a name of its own. */
  mountLocationRows(
    name: string,
    location: TensorLocation,
    shape: readonly number[],
    firstRow: number,
    rows: number,
  ): Value {
    return asValue(this.#weights.mountLocationRows(name, location, shape, firstRow, rows));
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

  /**
   * Like {@link mount}, in the type that it is stored in: for tables that are only looked up, not computed
   * with.
   */
  mountStored(name: string, shape: readonly number[]): Value {
    return asValue(this.#weights.mountStored(name, shape));
  }

  /** Closes the graph. */
  finish(): Graph {
    return {
      name: this.#component.name,
      nodes: this.#nodes,
      initializers: [...this.#constants.initializers, ...this.#weights.initializers],
      inputs: this.#inputs,
      outputs: this.#outputs,
      operatorSets,
      values: this.#values,
    };
  }

  /** A matrix that lies in the file with rows and columns exchanged is turned. */
  #upright(weight: MountedWeight): Value {
    const value = asValue(weight);
    if (!weight.isTransposed) return value;
    return this.once(`transpose of ${weight.name}`, () => this.node('Transpose', [value], { perm: [1, 0] }));
  }

  #addNode(
    operator: string,
    domain: string,
    inputs: readonly (Value | null)[],
    output: string,
    attributes: Attributes,
  ): Value {
    const made = this.#infer(operator, inputs, attributes);
    this.#values.set(output, { type: made.type, shape: made.shape });
    const names = inputs.map((input) => input?.name ?? '');
    this.#nodes.push({ operator, domain, inputs: names, outputs: [output], attributes });
    return { name: output, ...made };
  }

  #infer(operator: string, inputs: readonly (Value | null)[], attributes: Attributes) {
    try {
      return infer(operator, inputs, attributes);
    } catch (error) {
      if (!(error instanceof Mismatch)) throw error;
      const { configFile } = this.#component;
      throw invalidFiles(
        `${configFile} describes a network whose parts do not fit together. ${error.message}.`,
        'Check that the config belongs to these weights.',
        error,
      );
    }
  }

  #newName(kind: string): string {
    const count = this.#counters.get(kind) ?? 0;
    this.#counters.set(kind, count + 1);
    // A slash appears in no checkpoint's tensor names, so these cannot clash with mounted ones.
    return `${kind}/${count}`;
  }
}

const asValue = ({ name, type, shape }: MountedWeight): Value => ({ name, type, shape });
