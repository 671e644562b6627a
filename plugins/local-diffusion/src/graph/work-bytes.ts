import { evaluate, type Sizes } from './dimension.js';
import { elementBytes, type Graph, type GraphNode, type TensorType } from './graph.js';

/** They give what they are given, in another shape. */
const views = new Set(['Identity', 'Reshape', 'Unsqueeze']);
/** They write over what they are given, where nobody reads that afterwards. */
const inPlace = new Set([
  'Add',
  'Cos',
  'Div',
  'Gelu',
  'Mul',
  'QuickGelu',
  'Relu',
  'Sigmoid',
  'Sin',
  'Sub',
  'Tanh',
]);

/** The sizes of the free dimensions in one run, by the shapes of its inputs. */
export function sizesIn({ inputs }: Graph, shapeOf: (input: string) => readonly number[] | undefined): Sizes {
  const sizes = new Map<string, number>();
  for (const { name, shape } of inputs) {
    for (const [axis, dimension] of shape.entries()) {
      const size = shapeOf(name)?.[axis];
      if (typeof dimension === 'string' && size !== undefined) sizes.set(dimension, size);
    }
  }
  return sizes;
}

/**
 * Bytes that the values of a run take beside the weights, at the moment when they take most: each is there
 * from the node that makes it to the last that reads it. What is made of weights alone is computed when the
 * network is opened, and counts as a weight. What operators need inside is not known here.
 *
 * @param graph one of ours: it says the shapes of what its nodes make
 * @throws Error for a free dimension that the run does not name
 */
export function workBytes(graph: Graph, sizes: Sizes): number {
  const { outputs, values } = graph;
  const nodes = nodesOfRuns(graph);
  /** What a view shows, by its name. */
  const shown = new Map<string, string>();
  const rootOf = (name: string): string => shown.get(name) ?? name;
  const lastReads = new Map<string, number>();
  for (const [index, node] of nodes.entries()) {
    if (views.has(node.operator)) shown.set(node.outputs[0]!, rootOf(node.inputs[0]!));
    for (const name of node.inputs) lastReads.set(rootOf(name), index);
  }
  for (const { name } of outputs) lastReads.set(rootOf(name), nodes.length);

  const live = new Map<string, number>();
  let [bytes, most] = [0, 0];
  const release = (node: GraphNode, index: number) => {
    for (const root of node.inputs.map(rootOf)) {
      if (lastReads.get(root) !== index) continue;
      bytes -= live.get(root) ?? 0;
      live.delete(root);
    }
  };
  for (const [index, node] of nodes.entries()) {
    if (inPlace.has(node.operator)) release(node, index);
    for (const name of node.outputs) {
      const type = values.get(name);
      if (!type || shown.has(name)) continue;
      live.set(name, bytesOf(type, sizes));
      bytes += live.get(name)!;
    }
    most = Math.max(most, bytes);
    release(node, index);
  }
  return most;
}

/** The nodes whose values depend on what a run is given. */
function nodesOfRuns({ nodes, initializers }: Graph): readonly GraphNode[] {
  const constants = new Set(['', ...initializers.map(({ name }) => name)]);
  return nodes.filter(({ inputs, outputs }) => {
    if (!inputs.every((name) => constants.has(name))) return true;
    for (const name of outputs) constants.add(name);
    return false;
  });
}

const bytesOf = ({ type, shape }: TensorType, sizes: Sizes): number =>
  shape.reduce((product: number, dimension) => product * evaluate(dimension, sizes), elementBytes[type]);
