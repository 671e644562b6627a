import { type Graph, type GraphNode, typesIn } from '../graph.js';
import { Replacement } from './replacement.js';
import * as simpler from './simpler-operators.js';

/** Operators that can also be written in simpler ones, by their names in ONNX. */
export const decomposableOperators = [
  'MultiHeadAttention',
  'LayerNormalization',
  'SimplifiedLayerNormalization',
  'QuickGelu',
  'Gelu',
  'FastGelu',
  'RotaryEmbedding',
  'Gather',
] as const;
export type DecomposableOperator = (typeof decomposableOperators)[number];

/**
 * The same graph with every node of the given operators written in simpler ones of ai.onnx 18 and later, for
 * an execution provider that gets them wrong. Of look-ups those in tables of float16 are meant. Weights stay
 * where they lie.
 *
 * @throws Error for a node of a form that our graphs do not have (masks, other axes), and for a graph
 * of an older ai.onnx
 */
export function withoutOperators(graph: Graph, operators: ReadonlySet<DecomposableOperator>): Graph {
  const halves = new Set(graph.initializers.filter(({ type }) => type === 'float16').map(({ name }) => name));
  const wantedFor = ({ operator, inputs }: GraphNode): simpler.Write | undefined => {
    const known = decomposableOperators.find((each) => each === operator && operators.has(each));
    return known && (known !== 'Gather' || halves.has(inputs[0] ?? '')) ? writers[known] : undefined;
  };
  if (!graph.nodes.some(wantedFor)) return graph;
  if ((graph.operatorSets[''] ?? 0) < oldestOperators)
    throw new Error(
      `the network is written in ai.onnx ${graph.operatorSets['']}: ${oldestOperators} is needed`,
    );
  const types = typesIn(graph);
  const values = new Map(graph.values);
  const initializers = [...graph.initializers];
  const nodes = graph.nodes.flatMap((node) => {
    const write = wantedFor(node);
    if (!write) return [node];
    const replacement = new Replacement(node.outputs[0] ?? '', types);
    replacement.finish(write(replacement, node));
    initializers.push(...replacement.initializers);
    for (const [name, type] of replacement.values) values.set(name, type);
    return replacement.nodes;
  });
  return { ...graph, nodes, initializers, values };
}

/** ReduceMean takes its axes as an input since then. */
const oldestOperators = 18;

const writers: Readonly<Record<DecomposableOperator, simpler.Write>> = {
  MultiHeadAttention: simpler.attention,
  LayerNormalization: simpler.layerNormalization,
  SimplifiedLayerNormalization: simpler.rmsNormalization,
  QuickGelu: simpler.quickGelu,
  Gelu: simpler.gelu,
  FastGelu: simpler.fastGelu,
  RotaryEmbedding: simpler.rotation,
  Gather: simpler.lookUp,
};
