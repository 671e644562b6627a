import type { GraphBuilder, Value } from '../builder.js';

/** x * sigmoid(x), in one pass: QuickGelu with a slope of 1. */
export const silu = (graph: GraphBuilder, x: Value): Value =>
  graph.contrib('QuickGelu', [x], { alpha: { float: 1 } });

/** x * sigmoid(1.702 x), as OpenAI's CLIP has it. */
export const quickGelu = (graph: GraphBuilder, x: Value): Value =>
  graph.contrib('QuickGelu', [x], { alpha: { float: 1.702 } });

/** The exact GELU, by the error function. */
export const gelu = (graph: GraphBuilder, x: Value): Value => graph.contrib('Gelu', [x]);

/** GELU by a hyperbolic tangent (torch's `approximate="tanh"`), which differs from the exact one by 5e-4. */
export const geluTanh = (graph: GraphBuilder, x: Value): Value => graph.contrib('FastGelu', [x]);

/** max(x, 0). */
export const relu = (graph: GraphBuilder, x: Value): Value => graph.node('Relu', [x]);
