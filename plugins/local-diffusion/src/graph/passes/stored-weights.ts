import { elementBytes, elementsIn, type Graph, type GraphNode, type Initializer } from '../graph.js';
import { elementTypes } from '../onnx/element-types.js';

/**
 * The same graph, each weight an initialiser of the type that it is stored in and a node that makes of it
 * what the graph computes with. ONNX Runtime does that once, when it opens the network. This is the place for
 * formats that are unpacked otherwise than by a cast.
 */
export function withStoredWeights(graph: Graph): Graph {
  const nodes: GraphNode[] = [];
  const initializers = graph.initializers.map((initializer): Initializer => {
    const { name, type, storage, ...rest } = initializer;
    if (!storage) return initializer;
    const stored = `${name}/${storage}`;
    nodes.push({
      operator: 'Cast',
      domain: '',
      inputs: [stored],
      outputs: [name],
      attributes: { to: elementTypes[type] },
    });
    return { name: stored, type: storage, ...rest };
  });
  if (nodes.length === 0) return graph;
  const stored = graph.initializers.filter(({ storage }) => storage);
  const values = new Map([
    ...graph.values,
    ...stored.map(({ name, type, shape }) => [name, { type, shape }] as const),
  ]);
  return { ...graph, nodes: [...nodes, ...graph.nodes], initializers, values };
}

/** What the weights of a graph take, in bytes. */
export interface WeightBytes {
  /** In the type that the graph computes with: what an open network holds. */
  readonly held: number;
  /**
   * Of those held, the weights that are stored in another type: while a network is opened, both are there.
   */
  readonly converted: number;
}

/** Counts the initialisers of a graph, each once. */
export function countWeights({ initializers }: Graph): WeightBytes {
  let [held, converted] = [0, 0];
  for (const { type, shape, storage } of initializers) {
    const bytes = elementsIn(shape) * elementBytes[type];
    held += bytes;
    if (storage) converted += bytes;
  }
  return { held, converted };
}
