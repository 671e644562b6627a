/**
 * Sizes that are free until a network runs. A dimension is a number, the name of a free one, or a formula
 * over such names; two that are written alike are equal.
 *
 * @module
 */

/** What each free dimension is in one run, by its name. */
export type Sizes = ReadonlyMap<string, number>;

interface Factor {
  readonly text: string;
  /** Of what it is the largest. Absent: it is no such thing. */
  readonly largestOf?: readonly (string | Formula)[];
  /** Of what it is the sum. Absent: it is no such thing. */
  readonly sumOf?: Shape;
  evaluate(sizes: Sizes): number;
}

/** A whole number times free sizes, in the alphabetical order of their texts. */
export class Formula {
  readonly coefficient: number;
  readonly factors: readonly Factor[];
  /** The free sizes alone, without the number. */
  readonly freeText: string;

  constructor(coefficient: number, factors: readonly Factor[]) {
    this.coefficient = coefficient;
    this.factors = factors;
    this.freeText = factors.map(({ text }) => text).join('*');
  }

  toString(): string {
    return this.coefficient === 1 ? this.freeText : `${this.coefficient}*${this.freeText}`;
  }

  evaluate(sizes: Sizes): number {
    return this.factors.reduce((product, factor) => product * factor.evaluate(sizes), this.coefficient);
  }
}

export type Dimension = number | string | Formula;
export type Shape = readonly Dimension[];

export const shapeText = (shape: Shape): string => `[${shape.join(', ')}]`;

/** The size of a dimension in one run. @throws Error for a free dimension that the run does not name */
export const evaluate = (dimension: Dimension, sizes: Sizes): number => asFormula(dimension).evaluate(sizes);

/** Whether two dimensions are written alike, and so equal in every run. */
export const isSame = (one: Dimension, other: Dimension): boolean => String(one) === String(other);

/** Whether two dimensions are unlike in every run. Of those that may be alike or not, this is false. */
export function isUnlike(one: Dimension, other: Dimension): boolean {
  const [first, second] = [asFormula(one), asFormula(other)];
  return first.freeText === second.freeText && first.coefficient !== second.coefficient;
}

export function product(dimensions: Shape): Dimension {
  const formulas = dimensions.map(asFormula);
  const coefficient = formulas.reduce((whole, each) => whole * each.coefficient, 1);
  if (coefficient === 0) return 0;
  return simplest(
    coefficient,
    formulas.flatMap(({ factors }) => factors),
  );
}

/**
 * `whole` divided by `part`. Undefined where that is not a whole number, as far as one can tell before a run.
 */
export function quotient(whole: Dimension, part: Dimension): Dimension | undefined {
  const [above, below] = [asFormula(whole), asFormula(part)];
  const left = [...above.factors];
  const under = below.factors.filter((factor) => {
    const place = left.findIndex(({ text }) => text === factor.text);
    if (place >= 0) left.splice(place, 1);
    return place < 0;
  });
  if (under.length === 0) {
    const coefficient = above.coefficient / below.coefficient;
    return Number.isInteger(coefficient) ? simplest(coefficient, left) : undefined;
  }
  if (left.length === 0 && above.coefficient < below.coefficient) return undefined;
  const text = `(${new Formula(above.coefficient, left)})/(${new Formula(below.coefficient, under)})`;
  return derived(text, (sizes) => above.evaluate(sizes) / below.evaluate(sizes));
}

/** (dimension + added) / divisor, rounded down: the size that a window or a stride leaves. */
export function shrink(dimension: Dimension, added: number, divisor: number): Dimension {
  const formula = asFormula(dimension);
  if (formula.factors.length === 0) return Math.floor((formula.coefficient + added) / divisor);
  const evenly = formula.coefficient % divisor === 0 && added >= 0 && added < divisor;
  if (evenly) return simplest(formula.coefficient / divisor, formula.factors);
  const sum = added === 0 ? `${formula}` : `${formula}${added > 0 ? '+' : ''}${added}`;
  const text = divisor === 1 ? `(${sum})` : `floor((${sum})/${divisor})`;
  return derived(text, (sizes) => Math.floor((formula.evaluate(sizes) + added) / divisor));
}

export function sum(dimensions: Shape): Dimension {
  if (dimensions.every((each) => typeof each === 'number'))
    return dimensions.reduce((whole, each) => whole + each, 0);
  const evaluateIn = (sizes: Sizes) =>
    dimensions.reduce((whole: number, each) => whole + evaluate(each, sizes), 0);
  return new Formula(1, [{ text: `(${dimensions.join('+')})`, sumOf: dimensions, evaluate: evaluateIn }]);
}

/** What is left of a whole without a part. Of a sum that has the part, that is the rest of it. */
export function difference(whole: Dimension, part: Dimension): Dimension {
  if (typeof whole === 'number' && typeof part === 'number') return whole - part;
  if (part === 0) return whole;
  const terms = termsOf(whole);
  const place = terms.findIndex((term) => isSame(term, part));
  const rest = terms.filter((_, index) => index !== place);
  if (place >= 0) return rest.length === 1 ? rest[0]! : sum(rest);
  return derived(`(${whole}-${part})`, (sizes) => evaluate(whole, sizes) - evaluate(part, sizes));
}

/** What a sum is made of; nothing for what is none. */
function termsOf(dimension: Dimension): Shape {
  const { coefficient, factors } = asFormula(dimension);
  return coefficient === 1 && factors.length === 1 ? (factors[0]!.sumOf ?? []) : [];
}

/**
 * The smaller one. What was halved and doubled again is never smaller than it was, and a sum never smaller
 * than what it is made of.
 */
export function smaller(one: Dimension, other: Dimension): Dimension {
  if (typeof one === 'number' && typeof other === 'number') return Math.min(one, other);
  const { coefficient: factor, freeText } = asFormula(one);
  if (isSame(one, other) || freeText === `floor((${other}+${factor - 1})/${factor})`) return other;
  if (termsOf(one).some((term) => isSame(term, other))) return other;
  if (termsOf(other).some((term) => isSame(term, one))) return one;
  return derived(`min(${one},${other})`, (sizes) => Math.min(evaluate(one, sizes), evaluate(other, sizes)));
}

/** The larger one, of two that are alike unless one of them is 1. */
export function spread(one: Dimension, other: Dimension): Dimension {
  if (other === 1 || isSame(one, other)) return one;
  if (one === 1) return other;
  if (typeof one === 'number') return one;
  if (typeof other === 'number') return other;
  const both = new Map(
    [...alternativesIn(one), ...alternativesIn(other)].map((each) => [String(each), each]),
  );
  const largestOf = [...both].sort(([first], [second]) => (first < second ? -1 : 1)).map(([, each]) => each);
  const evaluateIn = (sizes: Sizes) => Math.max(...largestOf.map((each) => evaluate(each, sizes)));
  return new Formula(1, [{ text: `max(${largestOf})`, largestOf, evaluate: evaluateIn }]);
}

function alternativesIn(dimension: string | Formula): readonly (string | Formula)[] {
  if (typeof dimension === 'string') return [dimension];
  const [only, ...others] = dimension.factors;
  const isLargest = dimension.coefficient === 1 && others.length === 0;
  return (isLargest && only?.largestOf) || [dimension];
}

function asFormula(dimension: Dimension): Formula {
  if (dimension instanceof Formula) return dimension;
  return typeof dimension === 'number'
    ? new Formula(dimension, [])
    : new Formula(1, [{ text: dimension, evaluate: (sizes) => sizeOf(dimension, sizes) }]);
}

function sizeOf(name: string, sizes: Sizes): number {
  const size = sizes.get(name);
  if (size === undefined) throw new Error(`the run does not say what "${name}" is`);
  return size;
}

/** A number or a plain name where nothing else is left. */
function simplest(coefficient: number, factors: readonly Factor[]): Dimension {
  if (factors.length === 0) return coefficient;
  return new Formula(
    coefficient,
    factors.toSorted((one, other) => (one.text < other.text ? -1 : 1)),
  );
}

const derived = (text: string, evaluateIn: (sizes: Sizes) => number): Formula =>
  new Formula(1, [{ text, evaluate: evaluateIn }]);
