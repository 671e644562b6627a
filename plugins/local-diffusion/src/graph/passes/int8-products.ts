import { type Graph, type GraphNode, type Initializer, typesIn } from '../graph.js';
import { Int8Nodes } from './int8-nodes.js';

/**
 * Below so many inputs or outputs quantising costs what the product saves: the low rank of a LoRA, for
 * example.
 */
const smallestEdge = 64;
/** Operators that apply weights. */
const layerOperators = new Set(['Gemm', 'MatMul', 'Conv']);

/**
 * The same graph, its linear layers computed in int8: weights by output channel, activations by row when it
 * runs, so that an image does not depend on the others of its batch. The layers at both ends of the network
 * stay float32, and so do those that run once an image (time embeddings, modulation), which cost nothing.
 *
 * Weights are quantised by nodes over constants: ONNX Runtime computes those once, when it opens the network,
 * and a prepared network holds int8.
 *
 * @param graph one of ours, in float32: it says the types of what its nodes make
 */
export function withInt8Products(graph: Graph): Graph {
  const types = typesIn(graph);
  const weights = new Map(graph.initializers.map((each) => [each.name, each]));
  const ends = endLayers(graph, weights);
  const added = new Int8Nodes(types);
  const nodes = graph.nodes.flatMap((node) => {
    const weight = weights.get(node.inputs[1] ?? '');
    const rows = types.get(node.inputs[0] ?? '')?.shape[0];
    // A product of free sizes counts tokens; a number or one size alone, images.
    const isByToken = typeof rows === 'object';
    if (!weight || !isLinear(node, weight) || !isByToken || ends.has(node)) return [node];
    return added.product(node, weight.shape);
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
