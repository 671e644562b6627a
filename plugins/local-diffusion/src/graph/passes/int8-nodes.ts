import type { Shape } from '../dimension.js';
import {
  type Attributes,
  type ElementType,
  elementBytes,
  elementsIn,
  type Graph,
  type GraphNode,
  type Initializer,
  type TensorType,
  typesIn,
} from '../graph.js';
import { elementTypes } from '../onnx/element-types.js';

/** Codes go from -127 to 127, so that 0 has one. */
const largestCode = 127;
/** The largest of the unsigned codes of activations, and what stands for 0 among them in a linear layer. */
const largestUnsignedCode = 255;
const zeroCode = 128;
/** What keeps a row of zeros from dividing by 0. */
const leastLargest = 1e-30;

/** The name of a constant that layers share. */
export const int8Name = (what: string): string => `int8/${what}`;
const bytes = (numbers: Float32Array | BigInt64Array) => new Uint8Array(numbers.buffer);
const float = (what: string, value: number): Initializer => ({
  name: int8Name(what),
  type: 'float32',
  shape: [],
  data: bytes(Float32Array.of(value)),
});

const integer = (what: string, value: number): Initializer => ({
  name: int8Name(what),
  type: 'int64',
  shape: [],
  data: bytes(BigInt64Array.of(BigInt(value))),
});

const constants: readonly Initializer[] = [
  float('zero', 0),
  float('one', 1),
  float('step', 1 / largestCode),
  float('unsigned step', 1 / largestUnsignedCode),
  float('least', leastLargest),
  float('zero code', zeroCode),
  ...Array.from({ length: 8 }, (_, value) => integer(`integer ${value}`, value)),
  { name: int8Name('zero point'), type: 'uint8', shape: [], data: Uint8Array.of(zeroCode) },
];

/**
 * Bytes of a weight that an open network holds as codes and scales; undefined for one that it holds as it is.
 */
export function int8Bytes({ values }: Graph, { name, shape }: Initializer): number | undefined {
  const codes = values.get(`${name}/int8`);
  const [count = 1] = shape;
  return codes && elementsIn(shape) * elementBytes[codes.type] + count * elementBytes.float32;
}

/** What makes the codes of each weight, as graphs without inputs. */
export function weightGraphs(graph: Graph): readonly Graph[] {
  const own = new Map<string, GraphNode[]>();
  for (const { name } of graph.initializers) if (graph.values.has(`${name}/int8`)) own.set(name, []);
  const read = new Set<string>();
  for (const node of graph.nodes) {
    const nodes = own.get(node.outputs[0]!.split('/int8')[0]!);
    nodes?.push(node);
    if (!nodes) for (const name of node.inputs) read.add(name);
  }
  const initializers = new Map(graph.initializers.map((each) => [each.name, each]));
  return [...own].map(([name, nodes]) => ({
    ...{ ...graph, name, nodes, inputs: [] },
    initializers: [...new Set(nodes.flatMap(({ inputs }) => inputs))].flatMap(
      (input) => initializers.get(input) ?? [],
    ),
    outputs: nodes
      .flatMap(({ outputs }) => outputs)
      .filter((output) => read.has(output))
      .map((output) => ({ name: output, ...graph.values.get(output)! })),
  }));
}

/** Nodes of layers that are computed in int8; what several of them read is quantised once. */
export class Int8Nodes {
  readonly values = new Map<string, TensorType>();
  readonly #types: ReadonlyMap<string, TensorType>;
  readonly #quantised = new Set<string>();
  readonly #integers = new Map<string, Initializer>();

  /** @param graph that they are added to */
  constructor(graph: Graph) {
    this.#types = typesIn(graph);
  }

  shapeOf(value: string): Shape {
    return this.#types.get(value)?.shape ?? [];
  }

  get isEmpty(): boolean {
    return this.values.size === 0;
  }

  get initializers(): readonly Initializer[] {
    return [...constants, ...this.#integers.values()];
  }

  /** The name of a constant. */
  integers(values: readonly number[]): string {
    const name = int8Name(`integers[${values}]`);
    const data = bytes(BigInt64Array.from(values, BigInt));
    this.#integers.set(name, { name, type: 'int64', shape: [values.length], data });
    return name;
  }

  /** Nodes that are written where something is quantised for the first time, and not again. */
  once(what: string, make: () => readonly GraphNode[]): readonly GraphNode[] {
    if (this.#quantised.has(what)) return [];
    this.#quantised.add(what);
    return make();
  }

  /**
   * A matrix of codes [width, count] and its scales [count], of a weight [count, ...]. All of it is constant;
   * QuantizeLinear would not be folded.
   *
   * @param turn makes [width, count] of the rounded weight [count, width]
   */
  quantiseWeight(
    weight: string,
    [count, width]: readonly [number, number],
    turn: (rounded: string, turned: string) => readonly GraphNode[],
  ): readonly GraphNode[] {
    const column = ['float32', [count, 1]] as const;
    const matrix = ['float32', [count, width]] as const;
    const own = (what: string) => `${weight}/int8 ${what}`;
    return [
      this.node('Reshape', [weight, this.integers([count, width])], own('rows'), matrix),
      this.node('Abs', [own('rows')], own('absolute'), matrix),
      this.node('ReduceMax', [own('absolute'), this.integers([1])], own('largest'), column),
      this.node('Max', [own('largest'), int8Name('least')], own('range'), column),
      this.node('Mul', [own('range'), int8Name('step')], own('scale'), column),
      this.node('Reshape', [own('scale'), this.integers([-1])], own('scales'), ['float32', [count]]),
      this.node('Div', [own('rows'), own('scale')], own('divided'), matrix),
      this.node('Round', [own('divided')], own('rounded'), matrix),
      ...turn(own('rounded'), own('columns')),
      this.node('Cast', [own('columns')], `${weight}/int8`, ['int8', [width, count]], {
        to: elementTypes.int8,
      }),
    ];
  }

  /** Codes, less the code of 0, times the codes of a weight, in float32 but for the scale of the first. */
  product(codes: string, weight: string, result: string, shape: Shape): GraphNode {
    return this.node(
      'MatMulIntegerToFloat',
      [codes, `${weight}/int8`, int8Name('one'), `${weight}/int8 scales`, int8Name('zero point')],
      result,
      ['float32', shape],
      {},
      'com.microsoft',
    );
  }

  /** Adds a node. */
  node(
    operator: string,
    inputs: readonly string[],
    output: string,
    [type, shape]: readonly [ElementType, Shape],
    attributes: Attributes = {},
    domain = '',
  ): GraphNode {
    this.values.set(output, { type, shape });
    return { operator, domain, inputs, outputs: [output], attributes };
  }
}
