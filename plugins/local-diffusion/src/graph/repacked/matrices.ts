import { type BlockType, blockTypes } from '../../checkpoint/gguf/block-types.js';
import { type FilePart, filePartOf, type Graph, type GraphNode, type Initializer } from '../graph.js';
import { type RepackedLayout, repackedLayouts } from './layouts.js';
import { sizesOf } from './repack.js';

/** A matrix of a graph that can be held as codes which are computed with. */
export interface RepackedMatrix {
  readonly initializer: Initializer;
  readonly part: FilePart;
  readonly type: BlockType;
  readonly layout: RepackedLayout;
}

/**
 * The matrices of a graph that are multiplied by, or looked up in, and stored in blocks that can be repacked.
 */
export function findRepackable({ initializers, nodes, outputs }: Graph): ReadonlyMap<string, RepackedMatrix> {
  const found = new Map(initializers.flatMap((each) => asMatrix(each)));
  for (const { name } of outputs) found.delete(name);
  for (const node of nodes) {
    for (const [place, name] of node.inputs.entries()) {
      const matrix = found.get(name);
      if (matrix && !isProduct(node, place) && !isTable(node, place, matrix)) found.delete(name);
    }
  }
  return found;
}

function asMatrix(initializer: Initializer): [string, RepackedMatrix][] {
  const { storage, shape, type: computed } = initializer;
  if (typeof storage !== 'object' || !('blocks' in storage) || storage.rows) return [];
  const { blocks: type } = storage;
  const layout = repackedLayouts[type];
  const part = filePartOf(initializer);
  const isWhole = shape.length === 2 && shape[1]! % blockTypes[type].elements === 0;
  if (!layout || !part || !isWhole || computed !== 'float32') return [];
  return [[initializer.name, { initializer, part, type, layout }]];
}

const isProduct = ({ operator, inputs, attributes }: GraphNode, place: number): boolean =>
  operator === 'Gemm' && place === 1 && inputs.length === 2 && attributes.transB === 1;

const isTable = ({ operator }: GraphNode, place: number, { layout }: RepackedMatrix): boolean =>
  operator === 'Gather' && place === 0 && !layout.hasMinima;

/** Bytes that a matrix takes as codes, scales and minima. */
export function repackedBytes({ layout, initializer }: RepackedMatrix): number {
  const { codes, scales, minima } = sizesOf(layout, initializer.shape);
  return codes + scales + minima;
}

/**
 * The same graph over repacked matrices.
 *
 * @param placeOf the file that a matrix lies in as codes, scales and minima, one behind the other
 */
export function withRepacked(
  graph: Graph,
  matrices: ReadonlyMap<string, RepackedMatrix>,
  placeOf: (matrix: RepackedMatrix) => string,
): Graph {
  const parts = new Map<string, Initializer>();
  const nodes = graph.nodes.flatMap((node) => {
    const matrix = matrices.get(node.inputs[node.operator === 'Gather' ? 0 : 1] ?? '');
    if (!matrix) return [node];
    const mounted = mount(matrix, placeOf(matrix), node.operator === 'Gather');
    for (const part of Object.values(mounted)) if (part) parts.set(part.name, part);
    return node.operator === 'Gather' ? [lookUp(node, matrix, mounted)] : multiply(node, matrix, mounted);
  });
  const others = graph.initializers.filter(({ name }) => !matrices.has(name));
  return { ...graph, nodes, initializers: [...others, ...parts.values()] };
}

interface Mounted {
  readonly codes: Initializer;
  readonly scales: Initializer;
  readonly minima: Initializer | undefined;
  /** For sums over the numbers of a stretch. */
  readonly shape: Initializer | undefined;
  readonly axes: Initializer | undefined;
}

function mount({ initializer, layout }: RepackedMatrix, file: string, isTable: boolean): Mounted {
  const { name, shape } = initializer;
  const [rows = 0, columns = 0] = shape;
  const { bits, stretch, hasMinima } = layout;
  const sizes = sizesOf(layout, shape);
  const groups = columns / stretch;
  const codes = isTable ? [rows, (columns * bits) / 8] : [rows, groups, (stretch * bits) / 8];
  const scale = (kind: string, offset: number): Initializer => ({
    ...{ name: `${name}/${kind}`, type: 'float32', shape: [rows, groups] },
    data: { file, offset, length: sizes.scales },
  });
  return {
    codes: {
      ...{ name: `${name}/codes`, type: 'uint8', shape: codes },
      data: { file, offset: 0, length: sizes.codes },
    },
    scales: scale('scales', sizes.codes),
    minima: hasMinima ? scale('minima', sizes.codes + sizes.scales) : undefined,
    shape: hasMinima ? integers([-1, groups, stretch]) : undefined,
    axes: hasMinima ? integers([2]) : undefined,
  };
}

const integers = (values: readonly number[]): Initializer => ({
  ...{ name: `repacked/integers[${values}]`, type: 'int64', shape: [values.length] },
  data: new Uint8Array(BigInt64Array.from(values, BigInt).buffer),
});

/** x in float32: level 4 would round it to int8 and be wrong by 5e-3. */
const accuracyLevel = 1;

/**
 * The product with codes and scales, and what the minima add: each is multiplied by the sum over its stretch
 * of what goes in. ONNX Runtime has zero points for that, too, but decodes the whole matrix for them at each
 * run.
 */
function multiply(
  { inputs, outputs }: GraphNode,
  { initializer, layout }: RepackedMatrix,
  { codes, scales, minima, shape, axes }: Mounted,
): GraphNode[] {
  const [rows = 0, columns = 0] = initializer.shape;
  const x = inputs[0]!;
  const result = outputs[0]!;
  const own = minima ? `${result}/of codes` : result;
  const product: GraphNode = {
    ...{ operator: 'MatMulNBits', domain: 'com.microsoft' },
    inputs: [x, codes.name, scales.name],
    outputs: [own],
    attributes: {
      ...{ K: columns, N: rows, bits: layout.bits },
      block_size: layout.stretch,
      accuracy_level: accuracyLevel,
    },
  };
  if (!minima) return [product];
  const node = (operator: string, from: string[], to: string, attributes = {}): GraphNode => ({
    ...{ operator, domain: '', inputs: from, outputs: [to], attributes },
  });
  return [
    product,
    node('Reshape', [x, shape!.name], `${result}/stretches`),
    node('ReduceSum', [`${result}/stretches`, axes!.name], `${result}/sums`, { keepdims: 0 }),
    node('Gemm', [`${result}/sums`, minima.name, own], result, { transB: 1 }),
  ];
}

const lookUp = (node: GraphNode, { layout }: RepackedMatrix, { codes, scales }: Mounted): GraphNode => ({
  ...{ operator: 'GatherBlockQuantized', domain: 'com.microsoft' },
  inputs: [codes.name, node.inputs[1]!, scales.name],
  outputs: node.outputs,
  attributes: { bits: layout.bits, block_size: layout.stretch, gather_axis: 0, quantize_axis: 1 },
});
