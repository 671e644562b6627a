import type { Dimension, Shape } from '../dimension.js';
import type { Attributes, TensorType } from '../graph.js';
import { Mismatch, type Operand, operandAt } from './mismatch.js';

/** What an operator makes of its operands. @throws Mismatch for operands that it cannot take */
export type ShapeRule = (
  operands: readonly (Operand | null)[],
  attributes: Attributes,
) => TensorType & { readonly elements?: Shape };

export function numberIn(attributes: Attributes, name: string, absent: number): number {
  const value = attributes[name];
  return typeof value === 'number' ? value : absent;
}

export function numbersIn(attributes: Attributes, name: string): readonly number[] | undefined {
  const value = attributes[name];
  return Array.isArray(value) ? value : undefined;
}

/** What an operand holds. @throws Mismatch where that is not known before a run */
export function knownElements(
  operands: readonly (Operand | null)[],
  place: number,
  what: string,
): readonly Dimension[] {
  const { elements, name } = operandAt(operands, place);
  if (!elements) throw new Mismatch(`${what} "${name}" is not known before a run`);
  return elements;
}

/** Like {@link knownElements}, for numbers that no run changes. */
export function knownNumbers(
  operands: readonly (Operand | null)[],
  place: number,
  what: string,
): readonly number[] {
  const elements = knownElements(operands, place, what);
  return elements.map((each) => {
    if (typeof each !== 'number') throw new Mismatch(`${what} are not known before a run`);
    return each;
  });
}
