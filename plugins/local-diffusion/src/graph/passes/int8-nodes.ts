import type { Dimension } from '../dimension.js';
import {
  type Attributes,
  type ElementType,
  elementBytes,
  elementsIn,
  type Graph,
  type GraphNode,
  type Initializer,
  type TensorType,
} from '../graph.js';
import { elementTypes } from '../onnx/element-types.js';

/** Codes go from -127 to 127, so that 0 has one. */
const largestCode = 127;
/** What stands for 0 among the unsigned codes of activations. */
const zeroCode = 128;
/** What keeps a row of zeros from dividing by 0. */
const leastLargest = 1e-30;

const name = (what: string): string => `int8/${what}`;
const bytes = (numbers: Float32Array | BigInt64Array) => new Uint8Array(numbers.buffer);
const float = (what: string, value: number): Initializer => ({
  name: name(what),
  type: 'float32',
  shape: [],
  data: bytes(Float32Array.of(value)),
});
const integer = (what: string, value: bigint): Initializer => ({
  name: name(what),
  type: 'int64',
  shape: [1],
  data: bytes(BigInt64Array.of(value)),
});

const constants: readonly Initializer[] = [
  float('zero', 0),
  float('one', 1),
  float('step', 1 / largestCode),
  float('least', leastLargest),
  float('zero code', zeroCode),
  integer('columns', 1n),
  integer('flat', -1n),
  { name: name('zero point'), type: 'uint8', shape: [], data: Uint8Array.of(zeroCode) },
];

/**
 * Bytes of a weight that an open network holds as codes and scales; undefined for one that it holds as it is.
 */
export function int8Bytes({ values }: Graph, { name, shape }: Initializer): number | undefined {
  const codes = values.get(`${name}/int8`);
  const [count = 1] = shape;
  return codes && elementsIn(shape) * elementBytes[codes.type] + count * elementBytes.float32;
}

/** Nodes that quantise and multiply; what several layers read is quantised once. */
export class Int8Nodes {
  readonly values = new Map<string, TensorType>();
  readonly #types: ReadonlyMap<string, TensorType>;
  readonly #quantised = new Set<string>();

  /** @param types of the graph that they are added to */
  constructor(types: ReadonlyMap<string, TensorType>) {
    this.#types = types;
  }

  get isEmpty(): boolean {
    return this.values.size === 0;
  }

  get initializers(): readonly Initializer[] {
    return constants;
  }

  /** In place of a Gemm of x and a weight [outputs, inputs]. */
  product({ inputs, outputs }: GraphNode, [count = 1, width = 1]: readonly number[]): readonly GraphNode[] {
    const [x = '', weight = ''] = inputs;
    const [result = ''] = outputs;
    const [rows = 1] = this.#types.get(x)?.shape ?? [];
    const unscaled = `${result}/int8 product`;
    const scale = `${x}/int8 scale`;
    return [
      ...this.#once(x, () => this.#quantiseRows(x, rows, width)),
      ...this.#once(weight, () => this.#quantiseWeight(weight, count, width)),
      this.#node(
        'MatMulIntegerToFloat',
        [`${x}/int8`, `${weight}/int8`, name('one'), `${weight}/int8 scales`, name('zero point')],
        unscaled,
        ['float32', [rows, count]],
        {},
        'com.microsoft',
      ),
      this.#node('Mul', [unscaled, scale], result, ['float32', [rows, count]]),
    ];
  }

  #once(what: string, make: () => readonly GraphNode[]): readonly GraphNode[] {
    if (this.#quantised.has(what)) return [];
    this.#quantised.add(what);
    return make();
  }

  /** Largest and least are sought apart: the absolute values would be written out as a whole. */
  #quantiseRows(x: string, rows: Dimension, width: number): readonly GraphNode[] {
    const column = ['float32', [rows, 1]] as const;
    const vector = ['float32', [rows]] as const;
    const own = (what: string) => `${x}/int8 ${what}`;
    return [
      this.#node('ReduceMax', [x, name('columns')], own('largest'), column),
      this.#node('ReduceMin', [x, name('columns')], own('smallest'), column),
      this.#node('Neg', [own('smallest')], own('negated'), column),
      this.#node('Max', [own('largest'), own('negated'), name('least')], own('range'), column),
      this.#node('Mul', [own('range'), name('step')], own('scale'), column),
      this.#node('Reshape', [own('scale'), name('flat')], own('scales'), vector),
      // QuantizeLinear by row takes a zero point for each row.
      this.#node('Mul', [own('scales'), name('zero')], own('zeros'), vector),
      this.#node('Add', [own('zeros'), name('zero code')], own('zero codes'), vector),
      this.#node('Cast', [own('zero codes')], own('zero points'), ['uint8', [rows]], {
        to: elementTypes.uint8,
      }),
      this.#node(
        'QuantizeLinear',
        [x, own('scales'), own('zero points')],
        `${x}/int8`,
        ['uint8', [rows, width]],
        {
          axis: 0,
        },
      ),
    ];
  }

  /** All of it constant. QuantizeLinear would not be folded. */
  #quantiseWeight(weight: string, count: number, width: number): readonly GraphNode[] {
    const column = ['float32', [count, 1]] as const;
    const matrix = ['float32', [count, width]] as const;
    const own = (what: string) => `${weight}/int8 ${what}`;
    return [
      this.#node('Abs', [weight], own('absolute'), matrix),
      this.#node('ReduceMax', [own('absolute'), name('columns')], own('largest'), column),
      this.#node('Max', [own('largest'), name('least')], own('range'), column),
      this.#node('Mul', [own('range'), name('step')], own('scale'), column),
      this.#node('Reshape', [own('scale'), name('flat')], own('scales'), ['float32', [count]]),
      this.#node('Div', [weight, own('scale')], own('divided'), matrix),
      this.#node('Round', [own('divided')], own('rounded'), matrix),
      this.#node('Transpose', [own('rounded')], own('columns'), ['float32', [width, count]], {
        perm: [1, 0],
      }),
      this.#node('Cast', [own('columns')], `${weight}/int8`, ['int8', [width, count]], {
        to: elementTypes.int8,
      }),
    ];
  }

  #node(
    operator: string,
    inputs: readonly string[],
    output: string,
    [type, shape]: readonly [ElementType, readonly Dimension[]],
    attributes: Attributes = {},
    domain = '',
  ): GraphNode {
    this.values.set(output, { type, shape });
    return { operator, domain, inputs, outputs: [output], attributes };
  }
}
