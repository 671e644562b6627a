import { type Graph, type GraphNode, type Initializer, typesIn } from '../graph.js';
import { convolutionInInt8, windowOf } from './int8-convolution.js';
import { linearInInt8 } from './int8-linear.js';
import { Int8Nodes } from './int8-nodes.js';

/**
 * Below so many inputs or outputs quantising costs what the product saves: the low rank of a LoRA, for
 * example.
 */
const smallestEdge = 64;
/** Convolutions of fewer channels gain next to nothing. */
const worthwhileChannels = 128;
/** Operators that apply weights. */
const layerOperators = new Set(['Gemm', 'MatMul', 'Conv']);

/**
 * The same graph, its linear layers and convolutions computed in int8: weights by output channel, activations
 * by row or by image when it runs, so that an image does not depend on the others of its batch. The layers at
 * both ends of the network stay float32, and so do those that run once an image (time embeddings,
 * modulation), which cost nothing.
 *
 * Weights are quantised by nodes over constants, which are computed once, before the network is opened.
 *
 * @param graph one of ours, in float32: it says the types of what its nodes make
 * @param smallestChannels convolutions of fewer stay float32
 */
export function withInt8Products(graph: Graph, smallestChannels = worthwhileChannels): Graph {
  const types = typesIn(graph);
  const weights = new Map(graph.initializers.map((each) => [each.name, each]));
  const ends = endLayers(graph, weights);
  const added = new Int8Nodes(graph);
  const nodes = graph.nodes.flatMap((node) => {
    const weight = weights.get(node.inputs[1] ?? '');
    const rows = types.get(node.inputs[0] ?? '')?.shape[0];
    if (!weight || ends.has(node)) return [node];
    // A product of free sizes counts tokens; a number or one size alone, images.
    if (isLinear(node, weight) && typeof rows === 'object') return linearInInt8(added, node, weight.shape);
    const window = windowOfLayer(node, weight, smallestChannels);
    return window ? convolutionInInt8(added, node, weight.shape, window) : [node];
  });
  if (added.isEmpty) return graph;
  return {
    ...graph,
    nodes,
    initializers: [...graph.initializers, ...added.initializers],
    values: new Map([...graph.values, ...added.values]),
  };
}

const isLinear = (node: GraphNode, { type, shape }: Initializer): boolean =>
  node.operator === 'Gemm' &&
  node.inputs.length === 2 &&
  node.attributes.transB === 1 &&
  !node.attributes.transA &&
  type === 'float32' &&
  shape.length === 2 &&
  Math.min(...shape) >= smallestEdge;

function windowOfLayer(
  { operator, attributes }: GraphNode,
  { type, shape }: Initializer,
  smallestChannels: number,
) {
  const [count = 0, channels = 0] = shape;
  const isWide = Math.min(count, channels) >= smallestChannels;
  return operator === 'Conv' && type === 'float32' && isWide ? windowOf(attributes) : undefined;
}

/** Layers that no other layer leads to, and those that lead to no other. */
function endLayers({ nodes }: Graph, weights: ReadonlyMap<string, Initializer>): ReadonlySet<GraphNode> {
  const isLayer = ({ operator, inputs }: GraphNode) =>
    layerOperators.has(operator) && inputs.slice(1).some((name) => weights.has(name));
  const ends = new Set<GraphNode>();
  const visit = (ordered: readonly GraphNode[], from: 'inputs' | 'outputs', to: 'inputs' | 'outputs') => {
    const reached = new Set<string>();
    for (const node of ordered) {
      const isReached = node[from].some((name) => reached.has(name));
      if (isLayer(node) && !isReached) ends.add(node);
      if (isLayer(node) || isReached) for (const name of node[to]) reached.add(name);
    }
  };
  visit(nodes, 'inputs', 'outputs');
  visit(nodes.toReversed(), 'outputs', 'inputs');
  return ends;
}
