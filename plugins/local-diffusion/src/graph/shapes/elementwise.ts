import { isUnlike, type Shape, shapeText, spread } from '../dimension.js';
import type { TensorType } from '../graph.js';
import { Mismatch, operandAt, requireOneType } from './mismatch.js';
import type { ShapeRule } from './rules.js';

/** The shape of tensors computed with element by element, by the rules of numpy. @throws Mismatch */
export function broadcast(shapes: readonly Shape[]): Shape {
  const rank = Math.max(...shapes.map(({ length }) => length));
  return Array.from({ length: rank }, (_, axis) =>
    shapes
      .map((shape) => shape[axis - rank + shape.length] ?? 1)
      .reduce((one, other) => {
        if (one !== 1 && other !== 1 && isUnlike(one, other))
          throw new Mismatch(`${shapes.map(shapeText).join(' and ')} do not go together`);
        return spread(one, other);
      }),
  );
}

/** One tensor, element by element. */
export const same: ShapeRule = (operands) => {
  const { type, shape } = operandAt(operands, 0);
  return { type, shape };
};

function together(operands: Parameters<ShapeRule>[0]): TensorType {
  const all = operands.map((_, place) => operandAt(operands, place));
  requireOneType(all);
  return { type: all[0]!.type, shape: broadcast(all.map(({ shape }) => shape)) };
}

/** Several tensors, element by element. */
export const arithmetic: ShapeRule = together;

export const comparison: ShapeRule = (operands) => ({ ...together(operands), type: 'bool' });

/** Where(condition, one, other). */
export const where: ShapeRule = (operands) => {
  const [condition, one, other] = [0, 1, 2].map((place) => operandAt(operands, place));
  if (condition!.type !== 'bool') throw new Mismatch(`the condition is ${condition!.type}`);
  requireOneType([one!, other!]);
  return { type: one!.type, shape: broadcast([condition!.shape, one!.shape, other!.shape]) };
};

/** Norms over the last axis: weights that spread over it, and a result like the input. */
export const layerNormalization: ShapeRule = (operands) => {
  const x = operandAt(operands, 0);
  const weights = operands.slice(1).map((_, place) => operandAt(operands, place + 1));
  requireOneType([x, ...weights]);
  for (const { shape } of weights) {
    if (shape.length > x.shape.length || isUnlike(shape.at(-1) ?? 1, x.shape.at(-1) ?? 1))
      throw new Mismatch(`weights of ${shapeText(shape)} do not fit rows of ${x.shape.at(-1)}`);
  }
  return { type: x.type, shape: x.shape };
};
