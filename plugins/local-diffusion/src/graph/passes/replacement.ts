import type { Shape } from '../dimension.js';
import type { Attributes, GraphNode, Initializer, TensorType } from '../graph.js';
import { infer } from '../shapes/infer.js';
import type { Operand } from '../shapes/mismatch.js';

/**
 * Nodes under construction. Their names begin with that of the output which they make, so they clash with
 * none.
 */
export class Replacement {
  readonly nodes: GraphNode[] = [];
  readonly initializers: Initializer[] = [];
  /** Of what the nodes make, where the graph says the types of what they are made of. */
  readonly values = new Map<string, TensorType>();
  readonly #output: string;
  readonly #types: ReadonlyMap<string, TensorType>;
  readonly #made = new Map<string, Operand>();

  constructor(output: string, types: ReadonlyMap<string, TensorType>) {
    this.#output = output;
    this.#types = types;
  }

  node(operator: string, inputs: readonly string[], attributes: Attributes = {}): string {
    return this.#add(operator, inputs, `${this.#output}/${this.nodes.length}`, attributes);
  }

  /** Gives the result the name that the rest of the graph reads. */
  finish(result: string): void {
    this.#add('Identity', [result], this.#output, {});
  }

  /** A number of the type that another tensor has. */
  number(value: number, other: string): string {
    const data = new Uint8Array(Float32Array.of(value).buffer);
    return this.like(this.#constant({ type: 'float32', shape: [], data }, [value]), other);
  }

  /** Numbers of float32 in the type that another tensor has, if that is another or not known. */
  like(numbers: string, other: string): string {
    return this.#operandOf(other)?.type === 'float32' ? numbers : this.node('CastLike', [numbers, other]);
  }

  /** Whether the graph says the type of a tensor. */
  knows(name: string): boolean {
    return this.#operandOf(name) !== undefined;
  }

  /** What a tensor's shape is known to be. @throws Error for one that the graph says nothing of */
  shapeOf(name: string): Shape {
    const operand = this.#operandOf(name);
    if (!operand) throw new Error(`the shape of ${name} is not known`);
    return operand.shape;
  }

  /** A constant of float32. */
  floats(values: Float32Array, shape: readonly number[]): string {
    return this.#constant({ type: 'float32', shape, data: new Uint8Array(values.buffer) }, [...values]);
  }

  integers(...values: number[]): string {
    const data = new Uint8Array(BigInt64Array.from(values, BigInt).buffer);
    return this.#constant({ type: 'int64', shape: [values.length], data }, values);
  }

  #add(operator: string, inputs: readonly string[], output: string, attributes: Attributes): string {
    this.nodes.push({ operator, domain: '', inputs, outputs: [output], attributes });
    const operands = inputs.map((name) => this.#operandOf(name));
    if (operands.every((each) => each !== undefined)) {
      const { type, shape, elements } = infer(operator, operands, attributes);
      this.#made.set(output, { name: output, type, shape, elements });
      this.values.set(output, { type, shape });
    }
    return output;
  }

  #operandOf(name: string): Operand | undefined {
    const type = this.#types.get(name);
    return this.#made.get(name) ?? (type && { name, ...type });
  }

  #constant(constant: Omit<Initializer, 'name'>, elements: readonly number[]): string {
    const name = `${this.#output}/constant/${this.initializers.length}`;
    this.initializers.push({ name, ...constant });
    this.#made.set(name, { name, type: constant.type, shape: constant.shape, elements });
    return name;
  }
}
