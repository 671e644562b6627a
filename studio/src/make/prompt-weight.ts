const weighted = /^\(([^()]*):(-?\d*\.?\d+)\)$/;
const least = 0.1;
const most = 2;

/** A part of a text, from one place to another. */
export interface Range {
  readonly start: number;
  readonly end: number;
}

/** The weighted part or the word that a place is in, or at whose end it is; or what is selected. */
function partAt(text: string, { start, end }: Range): Range {
  for (const { index, 0: part } of text.matchAll(/\([^()]*:-?\d*\.?\d+\)/g))
    if (start >= index && end <= index + part.length) return { start: index, end: index + part.length };
  if (start !== end) return { start, end };
  const before = /[^\s,()[\]{}|<>]*$/.exec(text.slice(0, start))?.[0] ?? '';
  const behind = /^[^\s,()[\]{}|<>]*/.exec(text.slice(start))?.[0] ?? '';
  return { start: start - before.length, end: start + behind.length };
}

/**
 * Changes how much a part of a prompt counts, as Automatic1111 writes it: `(word:1.1)`, 0.1 to 2; what counts
 * 1 stands by itself. Answers what stands where instead. Undefined: there is no word.
 */
export function changeWeight(
  text: string,
  selected: Range,
  by: number,
): { readonly range: Range; readonly text: string } | undefined {
  const range = partAt(text, selected);
  const part = text.slice(range.start, range.end);
  const [, inner = part, before = '1'] = weighted.exec(part) ?? [];
  if (inner.trim() === '') return undefined;
  const weight = Number(Math.min(most, Math.max(least, Number(before) + by)).toFixed(2));
  return { range, text: weight === 1 ? inner : `(${inner}:${weight})` };
}

/** What of a prompt is chosen by the seed: `{one|other}` and `__wildcard__`. */
export const chosenParts = (prompt: string): string[] =>
  prompt.replaceAll(/<[^<>]*>/g, '').match(/\{[^{}]*\|[^{}]*\}|__[\w/*-]+?__/g) ?? [];
