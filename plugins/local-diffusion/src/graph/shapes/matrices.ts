import { type Dimension, isUnlike, shapeText, shrink } from '../dimension.js';
import { broadcast } from './elementwise.js';
import { Mismatch, type Operand, operandAt, requireOneType, requireRank } from './mismatch.js';
import { numberIn, numbersIn, type ShapeRule } from './rules.js';

/** @throws Mismatch where what one side has and what the other takes are unlike in every run */
function requireMeeting(one: Dimension, other: Dimension, what: string): void {
  if (isUnlike(one, other)) throw new Mismatch(`${one} ${what} do not meet ${other}`);
}

/** x [rows, n] times w [n, columns], either of them perhaps transposed, plus a third. */
export const gemm: ShapeRule = (operands, attributes) => {
  const [x, w] = [operandAt(operands, 0), operandAt(operands, 1)];
  requireRank(x, 2);
  requireRank(w, 2);
  const [rows, inner] = numberIn(attributes, 'transA', 0) ? x.shape.toReversed() : x.shape;
  const [expected, columns] = numberIn(attributes, 'transB', 0) ? w.shape.toReversed() : w.shape;
  requireMeeting(inner!, expected!, 'columns');
  const shape = [rows!, columns!];
  const added = operands[2];
  requireOneType(added ? [x, w, added] : [x, w]);
  if (added && broadcast([shape, added.shape]).some((size, axis) => isUnlike(size, shape[axis] ?? 1)))
    throw new Mismatch(`${shapeText(added.shape)} cannot be added to ${shapeText(shape)}`);
  return { type: x.type, shape };
};

/** Matrices in the last two axes, the others spread. */
export const matMul: ShapeRule = (operands) => {
  const [one, other] = [operandAt(operands, 0), operandAt(operands, 1)];
  requireOneType([one, other]);
  if (one.shape.length < 2 || other.shape.length < 2) throw new Mismatch('both sides have to be matrices');
  requireMeeting(one.shape.at(-1)!, other.shape.at(-2)!, 'columns');
  const before = broadcast([one.shape.slice(0, -2), other.shape.slice(0, -2)]);
  return { type: one.type, shape: [...before, one.shape.at(-2)!, other.shape.at(-1)!] };
};

/** x [batch, inputs, height, width], weights [outputs, inputs, kernel, kernel], bias [outputs]. */
export const convolution: ShapeRule = (operands, attributes) => {
  const [x, w, bias] = [operandAt(operands, 0), operandAt(operands, 1), operands[2]];
  requireRank(x, 4);
  requireRank(w, 4);
  requireOneType(bias ? [x, w, bias] : [x, w]);
  requireMeeting(x.shape[1]!, w.shape[1]!, 'channels');
  if (bias) requireMeeting(bias.shape[0]!, w.shape[0]!, 'biases');
  const pads = numbersIn(attributes, 'pads') ?? [0, 0, 0, 0];
  const strides = numbersIn(attributes, 'strides') ?? [1, 1];
  const sides = [0, 1].map((axis) => {
    const kernel = w.shape[axis + 2];
    if (typeof kernel !== 'number') throw new Mismatch('the size of the kernel is free');
    const stride = strides[axis]!;
    return shrink(x.shape[axis + 2]!, pads[axis]! + pads[axis + 2]! - kernel + stride, stride);
  });
  return { type: x.type, shape: [x.shape[0]!, w.shape[0]!, ...sides] };
};

/**
 * ONNX Runtime's fused attention: query [batch, tokens, width], key and value [batch, other tokens, width].
 */
export const attention: ShapeRule = (operands, attributes) => {
  const [query, key, value] = [0, 1, 2].map((place) => operandAt(operands, place)) as [
    Operand,
    Operand,
    Operand,
  ];
  for (const each of [query, key, value]) requireRank(each, 3);
  requireOneType([query, key, value]);
  requireMeeting(query.shape[2]!, key.shape[2]!, 'numbers of a query');
  requireMeeting(key.shape[1]!, value.shape[1]!, 'keys');
  const [heads, width] = [numberIn(attributes, 'num_heads', 1), query.shape[2]!];
  if (typeof width === 'number' && width % heads !== 0)
    throw new Mismatch(`${heads} heads do not divide a width of ${width}`);
  return { type: query.type, shape: [query.shape[0]!, query.shape[1]!, value.shape[2]!] };
};
