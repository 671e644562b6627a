import type { Shape } from '../dimension.js';
import { type Attributes, type ElementType, elementBytes, type TensorType } from '../graph.js';
import { elementTypes } from '../onnx/element-types.js';
import * as elementwise from './elementwise.js';
import * as layout from './layout.js';
import * as matrices from './matrices.js';
import { axisOf, describeOperand, Mismatch, type Operand, operandAt } from './mismatch.js';
import { knownNumbers, numberIn, type ShapeRule } from './rules.js';

const cast: ShapeRule = (operands, attributes) => {
  const number = numberIn(attributes, 'to', 0);
  const type = (Object.keys(elementBytes) as ElementType[]).find((each) => elementTypes[each] === number);
  if (!type) throw new Mismatch(`there is no element type ${number}`);
  return { type, shape: operandAt(operands, 0).shape };
};

const castLike: ShapeRule = (operands) => ({
  type: operandAt(operands, 1).type,
  shape: operandAt(operands, 0).shape,
});

const reduce: ShapeRule = (operands) => {
  const { type, shape } = operandAt(operands, 0);
  const axes = knownNumbers(operands, 1, 'the axes').map((axis) => axisOf(axis, shape.length));
  return { type, shape: shape.map((size, axis) => (axes.includes(axis) ? 1 : size)) };
};

const argMax: ShapeRule = (operands, attributes) => {
  const { shape } = operandAt(operands, 0);
  const reduced = axisOf(numberIn(attributes, 'axis', 0), shape.length);
  return { type: 'int64', shape: shape.map((size, axis) => (axis === reduced ? 1 : size)) };
};

const { same, arithmetic, comparison } = elementwise;

/** The operators that blocks and passes write, by their names. */
const rules: Readonly<Record<string, ShapeRule>> = {
  ...{
    Abs: same,
    Cos: same,
    Erf: same,
    FastGelu: same,
    Gelu: same,
    Identity: same,
    QuickGelu: same,
    Relu: same,
  },
  ...{ Sigmoid: same, Sin: same, Softmax: same, Sqrt: same, Tanh: same, Trilu: same },
  ...{ Add: arithmetic, Div: arithmetic, Max: arithmetic, Min: arithmetic, Mul: arithmetic, Sub: arithmetic },
  ...{ Equal: comparison, GreaterOrEqual: comparison, Less: comparison },
  ArgMax: argMax,
  Cast: cast,
  CastLike: castLike,
  Concat: layout.concat,
  Conv: matrices.convolution,
  Expand: layout.expand,
  Gather: layout.gather,
  GatherND: layout.gatherNd,
  Gemm: matrices.gemm,
  LayerNormalization: elementwise.layerNormalization,
  MatMul: matrices.matMul,
  MultiHeadAttention: matrices.attention,
  Range: layout.range,
  ReduceL2: reduce,
  ReduceMean: reduce,
  Reshape: layout.reshape,
  Resize: layout.resize,
  RotaryEmbedding: same,
  Shape: layout.shapeOf,
  SimplifiedLayerNormalization: elementwise.layerNormalization,
  Slice: layout.slice,
  Transpose: layout.transpose,
  Unsqueeze: layout.unsqueeze,
  Where: elementwise.where,
};

/**
 * What an operator makes of its operands: the type and shape of its output, and what that holds where it is
 * known before a run.
 *
 * @throws Mismatch, saying the operator, its operands and why they do not go together
 */
export function infer(
  operator: string,
  operands: readonly (Operand | null)[],
  attributes: Attributes,
): TensorType & { readonly elements?: Shape } {
  const rule = rules[operator];
  if (!rule) throw new Error(`no rule says what ${operator} makes; write one in graph/shapes`);
  try {
    return rule(operands, attributes);
  } catch (error) {
    if (!(error instanceof Mismatch)) throw error;
    throw new Mismatch(`${operator} of ${operands.map(describeOperand).join(', ')}: ${error.message}`);
  }
}
