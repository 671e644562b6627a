import { bytesComputed, type Graph, type Initializer, type Port } from '../graph.js';

/** Of what a stage may weigh, the part from which on it may end. */
const leastFill = 0.8;
/** Stages of one network are about alike; more than that above the mean is none of them. */
const spread = 1.1;
/** What a value may be to be handed from one stage to the next. */
const handedTypes: ReadonlySet<string> = new Set(['float32', 'int64']);

/**
 * Cuts a graph into graphs that run one after the other, each of whose weights take no more than so many
 * bytes in the type that it computes with. Each ends where few values go on: they are its outputs, and inputs
 * of those after it. A single node's weights are not divided.
 *
 * @param graph one of ours: it says the types of what its nodes make
 * @param bytesOf what an initialiser takes. Absent: as it is computed with
 * @returns the graph alone where it does not weigh more
 */
export function cutIntoStages(
  graph: Graph,
  maximumBytes: number,
  bytesOf: (initializer: Initializer) => number = bytesComputed,
): readonly Graph[] {
  const weights = new Map(graph.initializers.map((each) => [each.name, bytesOf(each)]));
  const total = [...weights.values()].reduce((sum, bytes) => sum + bytes, 0);
  if (total <= maximumBytes) return [graph];
  const limit = Math.min(maximumBytes, (spread * total) / Math.ceil(total / maximumBytes));
  const crossing = countCrossings(graph);
  const stages: Graph[] = [];
  for (let start = 0; start < graph.nodes.length; ) {
    const end = endOfStage(graph, start, limit, weights, crossing);
    stages.push(stageOf(graph, start, end));
    start = end;
  }
  return stages;
}

/**
 * For each place between two nodes, how many values go over it; infinitely many where one of them cannot be
 * handed on.
 */
function countCrossings(graph: Graph): readonly number[] {
  const lastReads = new Map<string, number>();
  for (const [index, { inputs }] of graph.nodes.entries()) {
    for (const name of inputs) lastReads.set(name, index);
  }
  const crossings = new Array<number>(graph.nodes.length + 1).fill(0);
  for (const [index, { outputs }] of graph.nodes.entries()) {
    for (const name of outputs) {
      const cost = handedTypes.has(graph.values.get(name)?.type ?? '') ? 1 : Number.POSITIVE_INFINITY;
      for (let place = index + 1; place <= (lastReads.get(name) ?? 0); place += 1) crossings[place]! += cost;
    }
  }
  return crossings;
}

function endOfStage(
  { nodes }: Graph,
  start: number,
  limit: number,
  weights: ReadonlyMap<string, number>,
  crossings: readonly number[],
): number {
  const used = new Set<string>();
  let bytes = 0;
  /** Bytes of a stage that ends before the node at this place, the first being the one after `start`. */
  const sizes: number[] = [];
  for (const { inputs } of nodes.slice(start)) {
    for (const name of inputs) {
      if (!used.has(name)) bytes += weights.get(name) ?? 0;
      used.add(name);
    }
    if (bytes > limit) break;
    sizes.push(bytes);
  }
  const last = start + sizes.length;
  if (last === nodes.length) return last;
  const fewest = (places: readonly number[]) =>
    places.reduce<number | undefined>(
      (best, place) =>
        Number.isFinite(crossings[place]) && (best === undefined || crossings[place]! <= crossings[best]!)
          ? place
          : best,
      undefined,
    );
  const places = sizes.map((_, index) => start + index + 1);
  const full = places.filter((_, index) => sizes[index]! >= leastFill * (sizes.at(-1) ?? 0));
  const after = crossings.findIndex((each, place) => place > last && Number.isFinite(each));
  return fewest(full) ?? fewest(places) ?? after;
}

function stageOf(graph: Graph, start: number, end: number): Graph {
  const nodes = graph.nodes.slice(start, end);
  const read = new Set(nodes.flatMap(({ inputs }) => inputs));
  const readLater = new Set(graph.nodes.slice(end).flatMap(({ inputs }) => inputs));
  const made = new Set(nodes.flatMap(({ outputs }) => outputs));
  const handed = (names: Iterable<string>): Port[] =>
    [...names].flatMap((name) => {
      const type = graph.values.get(name);
      return type ? [{ name, ...type }] : [];
    });
  const own = graph.outputs.filter(({ name }) => made.has(name));
  const isOwn = new Set(own.map(({ name }) => name));
  return {
    ...graph,
    nodes,
    initializers: graph.initializers.filter(({ name }) => read.has(name)),
    inputs: [
      ...graph.inputs.filter(({ name }) => read.has(name)),
      ...handed([...read].filter((name) => !made.has(name))),
    ],
    outputs: [...own, ...handed([...made].filter((name) => readLater.has(name) && !isOwn.has(name)))],
  };
}
