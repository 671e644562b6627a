import {
  type Dimension,
  difference,
  isUnlike,
  product,
  quotient,
  shapeText,
  smaller,
  sum,
} from '../dimension.js';
import { broadcast } from './elementwise.js';
import { axisOf, Mismatch, type Operand, operandAt, requireOneType } from './mismatch.js';
import { knownElements, knownNumbers, numberIn, numbersIn, type ShapeRule } from './rules.js';

/** Reshape(x, shape): 0 keeps a dimension, -1 takes what is left. */
export const reshape: ShapeRule = (operands) => {
  const x = operandAt(operands, 0);
  const wanted = knownElements(operands, 1, 'the shape');
  const kept = wanted.map((size, axis) => {
    if (size !== 0) return size;
    if (axis >= x.shape.length) throw new Mismatch(`there is no dimension ${axis} to keep`);
    return x.shape[axis]!;
  });
  const [whole, others] = [product(x.shape), product(kept.filter((size) => size !== -1))];
  const left = quotient(whole, others);
  const isWhole = kept.includes(-1) ? left !== undefined : !isUnlike(whole, others);
  if (!isWhole) throw new Mismatch(`${whole} numbers do not fill ${shapeText(kept)}`);
  return { type: x.type, shape: kept.map((size) => (size === -1 ? left! : size)) };
};

export const transpose: ShapeRule = (operands, attributes) => {
  const { type, shape } = operandAt(operands, 0);
  const order = numbersIn(attributes, 'perm') ?? shape.map((_, axis) => axis).reverse();
  const isOrder = order.length === shape.length && new Set(order).size === order.length;
  if (!isOrder) throw new Mismatch(`[${order}] is not an order of ${shape.length} dimensions`);
  return { type, shape: order.map((axis) => shape[axisOf(axis, shape.length)]!) };
};

export const concat: ShapeRule = (operands, attributes) => {
  const all = operands.map((_, place) => operandAt(operands, place));
  requireOneType(all);
  const [first] = all as [Operand];
  const axis = axisOf(numberIn(attributes, 'axis', 0), first.shape.length);
  const shape = first.shape.map((size, place): Dimension => {
    const sizes = all.map((each) => each.shape[place] ?? 0);
    if (place === axis) return sum(sizes);
    const other = sizes.find((each) => isUnlike(each, size));
    if (other !== undefined) throw new Mismatch(`dimension ${place} is ${size} and ${other}`);
    return sizes.find((each) => typeof each === 'number') ?? size;
  });
  const isKnown = first.shape.length === 1 && all.every(({ elements }) => elements);
  const elements = all.flatMap((each) => each.elements ?? []);
  return { type: first.type, shape, ...(isKnown && { elements }) };
};

/** Shape(x), of the dimensions from `start` to before `end`. */
export const shapeOf: ShapeRule = (operands, attributes) => {
  const { shape } = operandAt(operands, 0);
  const elements = shape.slice(numberIn(attributes, 'start', 0), numberIn(attributes, 'end', shape.length));
  return { type: 'int64', shape: [elements.length], elements };
};

/** Slice(x, starts, ends, axes), each number of a start known or a dimension. */
export const slice: ShapeRule = (operands) => {
  const { type, shape } = operandAt(operands, 0);
  const starts = knownElements(operands, 1, 'the starts');
  const ends = knownElements(operands, 2, 'the ends');
  const axes = operands[3] ? knownNumbers(operands, 3, 'the axes') : starts.map((_, axis) => axis);
  if (operands[4]) throw new Mismatch('nothing is left out between');
  const cut = [...shape];
  for (const [place, each] of axes.entries()) {
    const axis = axisOf(each, shape.length);
    cut[axis] = difference(smaller(shape[axis]!, ends[place]!), starts[place]!);
  }
  return { type, shape: cut };
};

/** Range(0, end, 1), as the blocks write it. */
export const range: ShapeRule = (operands) => {
  const { type, elements } = operandAt(operands, 1);
  const [start, step] = [knownNumbers(operands, 0, 'the start'), knownNumbers(operands, 2, 'the step')];
  if (start[0] !== 0 || step[0] !== 1 || !elements) throw new Mismatch('it does not count from 0 to a size');
  return { type, shape: [elements[0]!] };
};

export const unsqueeze: ShapeRule = (operands) => {
  const { type, shape } = operandAt(operands, 0);
  const axes = knownNumbers(operands, 1, 'the axes');
  const rank = shape.length + axes.length;
  const added = new Set(axes.map((axis) => axisOf(axis, rank)));
  const left = [...shape];
  return { type, shape: Array.from({ length: rank }, (_, axis) => (added.has(axis) ? 1 : left.shift()!)) };
};

export const expand: ShapeRule = (operands) => {
  const { type, shape } = operandAt(operands, 0);
  return { type, shape: broadcast([shape, knownElements(operands, 1, 'the shape')]) };
};

/** Gather(x, numbers): rows of x along an axis. */
export const gather: ShapeRule = (operands, attributes) => {
  const [x, numbers] = [operandAt(operands, 0), operandAt(operands, 1)];
  requireWhole(numbers);
  const axis = axisOf(numberIn(attributes, 'axis', 0), x.shape.length);
  return { type: x.type, shape: [...x.shape.slice(0, axis), ...numbers.shape, ...x.shape.slice(axis + 1)] };
};

/**
 * GatherND(x, numbers), the last axis of `numbers` holding an index into x behind the dimensions that both
 * have.
 */
export const gatherNd: ShapeRule = (operands, attributes) => {
  const [x, numbers] = [operandAt(operands, 0), operandAt(operands, 1)];
  requireWhole(numbers);
  const batchDims = numberIn(attributes, 'batch_dims', 0);
  const depth = numbers.shape.at(-1);
  if (typeof depth !== 'number' || batchDims + depth > x.shape.length)
    throw new Mismatch(`an index of ${depth} numbers is too long`);
  return { type: x.type, shape: [...numbers.shape.slice(0, -1), ...x.shape.slice(batchDims + depth)] };
};

/** Resize(x, , scales) by whole numbers. */
export const resize: ShapeRule = (operands) => {
  const { type, shape } = operandAt(operands, 0);
  const scales = knownNumbers(operands, 2, 'the scales');
  if (scales.length !== shape.length)
    throw new Mismatch(`${scales.length} scales for ${shape.length} dimensions`);
  return { type, shape: shape.map((size, axis) => product([size, scales[axis]!])) };
};

function requireWhole({ type }: Operand): void {
  if (type !== 'int64' && type !== 'int32') throw new Mismatch(`${type} is not a type of an index`);
}
