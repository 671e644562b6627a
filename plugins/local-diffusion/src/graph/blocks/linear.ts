import type { GraphBuilder, Value } from '../builder.js';
import { elementTypes } from '../onnx/element-types.js';
import { changedBias, changedWeight } from './changed-weight.js';
import { addLinearLoras, isBeside } from './low-rank.js';

export interface LinearShape {
  readonly inputs: number;
  readonly outputs: number;
  /** Whether the layer adds `<path>.bias`; absent means yes. */
  readonly bias?: boolean;
}

/**
 * torch.nn.Linear over `x` [rows, inputs], giving [rows, outputs]. Gemm takes torch's weight [outputs,
 * inputs] as it lies in the file; it wants a matrix, so token sequences are kept as one matrix of all images'
 * tokens. What LoRAs add to the layer is added.
 */
export function linear(graph: GraphBuilder, x: Value, path: string, shape: LinearShape): Value {
  const { inputs, outputs, bias = true } = shape;
  const weight = changedWeight(graph, path, [outputs, inputs]);
  const result = product(graph, x, weight, bias ? changedBias(graph, path, [outputs]) : undefined);
  return addLinearLoras(graph, x, result, path, { inputs, outputs, first: 0, count: outputs });
}

/**
 * The rows `first` to `first + count - 1` of a {@link linear} layer: what torch's `chunk` would cut out of
 * its result.
 */
export function linearRows(
  graph: GraphBuilder,
  x: Value,
  path: string,
  { inputs, outputs, bias: hasBias = true }: LinearShape,
  { first, count }: { readonly first: number; readonly count: number },
): Value {
  if (!isBeside(graph, path, [outputs, inputs]) || graph.loraLayers(path).some(({ layer }) => layer.bias)) {
    const rows = graph.once(`changed ${path}`, () => changedWeight(graph, path, [outputs, inputs]));
    const part = cut(graph, rows, first, count);
    const biases =
      hasBias && graph.once(`changed bias of ${path}`, () => changedBias(graph, path, [outputs]));
    const own = product(graph, x, part, biases ? cut(graph, biases, first, count) : undefined);
    return addLinearLoras(graph, x, own, path, { inputs, outputs, first, count });
  }
  const weight = graph.mountRows(`${path}.weight`, [outputs, inputs], first, count);
  const bias = hasBias ? graph.mountRows(`${path}.bias`, [outputs], first, count) : undefined;
  const result = product(graph, x, weight, bias);
  return addLinearLoras(graph, x, result, path, { inputs, outputs, first, count });
}

/** Rows of what is not a weight in a file. */
const cut = (graph: GraphBuilder, value: Value, first: number, count: number): Value =>
  graph.node('Slice', [value, graph.integers([first]), graph.integers([first + count]), graph.integers([0])]);

/**
 * x times the transposed weight, plus the bias. Gemm would take the bias, too, but ONNX Runtime's CPU
 * provider then fills the result with it on one core before it multiplies: 6 % of a run of Stable Diffusion
 * 1.5's UNet on two.
 */
function product(graph: GraphBuilder, x: Value, weight: Value, bias: Value | undefined): Value {
  const result = graph.node('Gemm', [x, weight], { transB: 1 });
  return bias ? graph.node('Add', [result, bias]) : result;
}

/**
 * torch.nn.Embedding: int64 numbers [...] to [..., width], of a table [rows, width]. What was looked up is
 * converted to float32 rather than the whole table.
 */
export function lookUp(
  graph: GraphBuilder,
  numbers: Value,
  path: string,
  shape: readonly [number, number],
): Value {
  const table = graph.mountStored(`${path}.weight`, shape);
  return graph.node('Cast', [graph.node('Gather', [table, numbers])], { to: elementTypes.float32 });
}
