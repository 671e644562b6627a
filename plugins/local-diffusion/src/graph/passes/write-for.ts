import type { Graph } from '../graph.js';
import { type DecomposableOperator, withoutOperators } from './decomposition.js';
import { inPrecision, type Precision } from './precision.js';

/** How a graph has to be written for what it is computed on. */
export interface Target {
  /** Operators that have to be written in simpler ones. */
  readonly decompose: ReadonlySet<DecomposableOperator>;
  readonly precision: Precision;
}

/** The same graph as a target needs it. @throws Error as {@link withoutOperators} does */
export const writeFor = (graph: Graph, { decompose, precision }: Target): Graph =>
  inPrecision(withoutOperators(graph, decompose), precision);
