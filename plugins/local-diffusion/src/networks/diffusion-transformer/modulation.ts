import { linearRows, plainLayerNorm } from '../../graph/blocks/blocks.js';
import type { GraphBuilder, Value } from '../../graph/builder.js';

/** How a norm's result is changed for one image: [batch, 1, width] each. */
export interface Shift {
  readonly shift: Value;
  readonly scale: Value;
}

/** The same, and how much of what comes of it is added. */
export interface Modulation extends Shift {
  readonly gate: Value;
}

/** Before the attention and before the feed-forward layers of a block. */
export type BlockModulation = readonly [attention: Modulation, feedForward: Modulation];

/** Three parts of a modulation layer, in the order of diffusers. */
export function modulationOf(parts: readonly Value[]): Modulation {
  const [shift, scale, gate] = parts as [Value, Value, Value];
  return { shift, scale, gate };
}

/** Six parts of a modulation layer. */
export const blockModulation = (parts: readonly Value[]): BlockModulation => [
  modulationOf(parts.slice(0, 3)),
  modulationOf(parts.slice(3, 6)),
];

/** A layer that makes modulations. */
export interface ModulationLayer {
  /** Of each part. */
  readonly width: number;
  readonly parts: number;
  /** Absent: as many as the width. */
  readonly inputs?: number;
  /** Absent: it has one. */
  readonly bias?: boolean;
}

/**
 * The parts of a layer that makes modulations of an embedding, [batch, width] each, as [batch, 1, width].
 *
 * @param embedding [batch, inputs], activated already
 */
export function modulationParts(
  graph: GraphBuilder,
  embedding: Value,
  path: string,
  { width, parts, inputs = width, bias = true }: ModulationLayer,
): readonly Value[] {
  const shape = { inputs, outputs: parts * width, bias };
  return Array.from({ length: parts }, (_, part) => {
    const rows = linearRows(graph, embedding, path, shape, { first: part * width, count: width });
    return graph.node('Unsqueeze', [rows, graph.integers([1])]);
  });
}

/**
 * Adaptive layer norm (Peebles and Xie 2022, arXiv 2212.09748): the norm of `x` [batch, tokens, width] * (1 +
 * scale) + shift.
 */
export function modulatedNorm(graph: GraphBuilder, x: Value, { shift, scale }: Shift, width: number): Value {
  const normal = plainLayerNorm(graph, x, { width, epsilon: 1e-6 });
  const factor = graph.once(`1 + ${scale.name}`, () => graph.node('Add', [scale, graph.floats([1])]));
  return graph.node('Add', [graph.node('Mul', [normal, factor]), shift]);
}

/** x + gate * change, `x` and `change` being [batch, tokens, width]. */
export const addGated = (graph: GraphBuilder, x: Value, gate: Value, change: Value): Value =>
  graph.node('Add', [x, graph.node('Mul', [change, gate])]);
