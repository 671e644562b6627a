import { bytesComputed, filePartOf, type Graph, type GraphNode, type Initializer } from '../graph.js';

/**
 * A network whose stored weights are matrices to at least this part is held as it is stored. In others, such
 * as UNets, convolutions would be converted at each run, and lose the layout that ONNX Runtime has for
 * weights that are constants.
 */
const leastShareOfMatrices = 0.9;

/**
 * The matrices of a graph that stay in memory in the type that they are stored in, and are converted at each
 * run, one after the other: those that something is multiplied by, in a network that has little else. None in
 * other networks.
 */
export function heldWeights(graph: Graph): ReadonlySet<string> {
  const stored = graph.initializers.filter(({ storage, type }) => storage && type === 'float32');
  const matrices = new Map(stored.filter(({ shape }) => shape.length === 2).map((each) => [each.name, each]));
  for (const { name } of graph.outputs) matrices.delete(name);
  for (const node of graph.nodes) {
    for (const [place, name] of node.inputs.entries()) if (!isFactor(node, place)) matrices.delete(name);
  }
  const share = total([...matrices.values()]) / total(stored);
  return share >= leastShareOfMatrices ? new Set(matrices.keys()) : new Set();
}

const isFactor = ({ operator, inputs, attributes }: GraphNode, place: number): boolean =>
  operator === 'Gemm' && place === 1 && inputs.length === 2 && attributes.transB === 1;

const total = (initializers: readonly Initializer[]): number =>
  initializers.reduce((sum, each) => sum + bytesComputed(each), 0);

/** Bytes of a matrix as it is stored. */
export function bytesStored(initializer: Initializer): number {
  const { storage, shape } = initializer;
  const length = filePartOf(initializer)?.length ?? bytesComputed(initializer);
  const rows = typeof storage === 'object' ? storage.rows : undefined;
  return rows ? Math.ceil((length * shape[0]!) / rows.wholeShape[0]!) : length;
}

/**
 * What the conversion takes at once, as so many times the matrix in float32: the one that is multiplied by,
 * the one that is made next, and a step between. Codes have more steps, with indices of as many bytes.
 */
const timesAtOnce = { elements: 3, codes: 5 };

/** Bytes that the conversion of held matrices takes in a run. */
export const conversionBytes = (held: readonly Initializer[]): number =>
  Math.max(
    0,
    ...held.map((each) => timesAtOnce[hasElements(each) ? 'elements' : 'codes'] * bytesComputed(each)),
  );

const hasElements = ({ storage }: Initializer): boolean =>
  typeof storage !== 'object' || ('packing' in storage && storage.packing.kind === 'scaled');
