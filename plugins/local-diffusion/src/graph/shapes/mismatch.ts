import { type Shape, shapeText } from '../dimension.js';
import type { TensorType } from '../graph.js';

/** Tensors that an operator cannot take together. The message says which, in a few words. */
export class Mismatch extends Error {}

/** A tensor as an operator sees it. */
export interface Operand extends TensorType {
  readonly name: string;
  /**
   * What a short vector or a number holds, where that is known before a run: constants, and shapes computed
   * from shapes.
   */
  readonly elements?: Shape | undefined;
}

export const describeOperand = (operand: Operand | null): string =>
  operand ? `"${operand.name}" ${operand.type} ${shapeText(operand.shape)}` : 'nothing';

/** @throws Mismatch where an operator lacks the input of a place */
export function operandAt(operands: readonly (Operand | null)[], place: number): Operand {
  const operand = operands[place];
  if (!operand) throw new Mismatch(`input ${place + 1} is missing`);
  return operand;
}

/** @throws Mismatch where a tensor has not so many dimensions */
export function requireRank({ shape }: Operand, rank: number): void {
  if (shape.length !== rank) throw new Mismatch(`${rank} dimensions are needed, not ${shape.length}`);
}

/** @throws Mismatch where the operands' types are not all one */
export function requireOneType(operands: readonly Operand[]): void {
  const types = new Set(operands.map(({ type }) => type));
  if (types.size > 1) throw new Mismatch(`${[...types].join(' and ')} do not mix`);
}

/** An axis counted from the front. @throws Mismatch for one that is not there */
export function axisOf(axis: number, rank: number): number {
  const place = axis < 0 ? axis + rank : axis;
  if (place < 0 || place >= rank) throw new Mismatch(`there is no axis ${axis} in ${rank} dimensions`);
  return place;
}
