import type { Graph, Port } from '../../graph/graph.js';

/** A UNet in two graphs over the same weights. */
export interface DividedUnet {
  /** All of it, which gives the deep features, too. */
  readonly whole: Graph;
  /** What is left of it where the deep features are given. */
  readonly shallow: Graph;
  /** The name of the deep features: an output of the one, an input of the other. */
  readonly deep: string;
}

/** The last layers on the way up, which read what the first ones on the way down make of the same step. */
const freshLayers = 2;

/**
 * Divides a UNet where its last two layers on the way up begin: what comes to them from below changes little
 * from step to step, and most of the time goes into it. Source: Ma et al. 2023, "DeepCache: Accelerating
 * Diffusion Models for Free", arXiv 2312.00858.
 *
 * @returns undefined for a graph without so many layers
 */
export function divideUnet(graph: Graph): DividedUnet | undefined {
  const joins = graph.nodes.filter(
    ({ operator, attributes, inputs }) =>
      operator === 'Concat' && attributes.axis === 1 && graph.values.has(inputs[0] ?? ''),
  );
  const deep = joins.at(-freshLayers)?.inputs[0];
  const type = deep === undefined ? undefined : graph.values.get(deep);
  if (deep === undefined || type === undefined || joins.length === freshLayers) return undefined;
  const port = { name: deep, ...type };
  return {
    whole: { ...graph, outputs: [...graph.outputs, port] },
    shallow: { ...given(graph, port), name: `${graph.name}, shallow layers` },
    deep,
  };
}

/** The part of a graph that its outputs are made of where a value is given. */
function given(graph: Graph, port: Port): Graph {
  const wanted = new Set(graph.outputs.map(({ name }) => name));
  const nodes = graph.nodes.toReversed().filter(({ inputs, outputs }) => {
    if (!outputs.some((name) => wanted.has(name) && name !== port.name)) return false;
    for (const name of inputs) wanted.add(name);
    return true;
  });
  return {
    ...graph,
    nodes: nodes.toReversed(),
    initializers: graph.initializers.filter(({ name }) => wanted.has(name)),
    inputs: [...graph.inputs.filter(({ name }) => wanted.has(name)), port],
  };
}
