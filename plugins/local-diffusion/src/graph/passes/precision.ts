import type { Graph, GraphNode, Initializer, TensorType } from '../graph.js';
import { typesIn } from '../graph.js';
import { elementTypes } from '../onnx/element-types.js';

/** What networks are computed in. Weights may be stored otherwise. */
export const precisions = ['float32', 'float16'] as const;
export type Precision = (typeof precisions)[number];

/** Of these inputs ONNX says that they are float32. */
const scalesOfResize = 2;
/** A timestep of 999.5 has no float16, and times a frequency it is an angle. */
const exactOperators = new Set(['Sin', 'Cos']);

const half = (name: string): string => `${name}/half`;

/**
 * The same graph, computing in a precision. In float16 its inputs and outputs stay float32, and so does what
 * leads to a sine or a cosine.
 *
 * @param graph one of ours: it says the types of what its nodes make
 */
export const inPrecision = (graph: Graph, precision: Precision): Graph =>
  precision === 'float16' ? inHalfPrecision(graph) : graph;

function inHalfPrecision(graph: Graph): Graph {
  const types = typesIn(graph);
  const isSingle = (name: string) => types.get(name)?.type === 'float32';
  const exact = leadingToAngles(graph.nodes);
  const takesHalf = (node: GraphNode, place: number) =>
    !exact.has(node) && !(node.operator === 'Resize' && place === scalesOfResize);
  const inputsOf = (isHalf: boolean) =>
    new Set(
      graph.nodes.flatMap((node) =>
        node.inputs.filter((name, place) => isSingle(name) && takesHalf(node, place) === isHalf),
      ),
    );
  const [wantedHalf, wantedSingle] = [inputsOf(true), inputsOf(false)];
  const outputs = new Set(graph.outputs.map(({ name }) => name));
  const madeInHalf = new Set(
    graph.nodes.filter((node) => !exact.has(node)).flatMap((node) => node.outputs.filter(isSingle)),
  );
  const halfName = (name: string) => (madeInHalf.has(name) && !outputs.has(name) ? name : half(name));
  const toHalf = (names: readonly string[]) =>
    names.filter((name) => wantedHalf.has(name)).map((name) => cast(name, half(name), 'float16'));

  const changed = (node: GraphNode): GraphNode[] => {
    if (exact.has(node)) return [node, ...toHalf(node.outputs)];
    const inputs = node.inputs.map((name, place) =>
      isSingle(name) && takesHalf(node, place) ? halfName(name) : name,
    );
    const made = node.outputs.map((name) => (isSingle(name) ? halfName(name) : name));
    const attributes = isCastToSingle(node) ? { to: elementTypes.float16 } : node.attributes;
    return [
      { ...node, inputs, outputs: made, attributes },
      ...node.outputs
        .filter((name) => isSingle(name) && outputs.has(name))
        .map((name) => cast(half(name), name, 'float32')),
    ];
  };
  return {
    ...graph,
    nodes: [...toHalf(graph.inputs.map(({ name }) => name)), ...graph.nodes.flatMap(changed)],
    initializers: graph.initializers.flatMap((each) => [
      ...(wantedHalf.has(each.name) ? [inHalf(each)] : []),
      ...(wantedHalf.has(each.name) && !wantedSingle.has(each.name) ? [] : [each]),
    ]),
    values: new Map([
      ...graph.values,
      ...[...wantedHalf, ...madeInHalf].map((name): [string, TensorType] => [
        halfName(name),
        { type: 'float16', shape: types.get(name)!.shape },
      ]),
    ]),
  };
}

/** It keeps the elements that are stored, and is rounded once. */
function inHalf({ name, type, shape, storage = type, data }: Initializer): Initializer {
  const rounded = { name: half(name), type: 'float16', shape, data } as const;
  return storage === 'float16' ? rounded : { ...rounded, storage };
}

const isCastToSingle = ({ operator, attributes }: GraphNode): boolean =>
  operator === 'Cast' && attributes.to === elementTypes.float32;

const cast = (from: string, to: string, type: Precision): GraphNode => ({
  operator: 'Cast',
  domain: '',
  inputs: [from],
  outputs: [to],
  attributes: { to: elementTypes[type] },
});

/** Sines, cosines and all nodes that they are made of. */
function leadingToAngles(nodes: readonly GraphNode[]): ReadonlySet<GraphNode> {
  const makers = new Map(nodes.flatMap((node) => node.outputs.map((name) => [name, node] as const)));
  const found = new Set<GraphNode>();
  const visit = (node: GraphNode | undefined): void => {
    if (!node || found.has(node)) return;
    found.add(node);
    for (const name of node.inputs) visit(makers.get(name));
  };
  for (const node of nodes) if (exactOperators.has(node.operator)) visit(node);
  return found;
}
