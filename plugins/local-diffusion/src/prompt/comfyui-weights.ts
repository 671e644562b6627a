import type { PromptPart } from './weights.js';

/** What a pair of brackets without a number multiplies by. */
const bracketFactor = 1.1;
/** What Python's `float` reads, with the white space that it allows. */
const number = /^\s*[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:e[+-]?\d{1,2})?\s*$/i;
/** Pairs within pairs; deeper ones are text. */
const deepest = 100;
/** Stand for brackets that are text, while the others are read. */
const escapedOpen = '\0\x01';
const escapedClose = '\0\x02';

/**
 * Reads prompt weights in ComfyUI's syntax (`token_weights` in `comfy/sd1_clip.py`): `(word)` times 1.1, and
 * `(word:1.3)` sets the weight to 1.3, whatever is around it. What is no number behind a pair's last colon is
 * text, as are `\(` and `\)`, square brackets, and BREAK.
 *
 * @returns the parts in order, without empty texts
 */
export function parseComfyUiWeights(prompt: string): PromptPart[] {
  const parts: PromptPart[] = [];
  collect(prompt.replaceAll('\\(', escapedOpen).replaceAll('\\)', escapedClose), 1, 0, parts);
  return parts;
}

function collect(text: string, weight: number, depth: number, parts: PromptPart[]): void {
  for (const piece of splitAtPairs(text)) {
    const isPair = piece.length >= 2 && piece.startsWith('(') && piece.endsWith(')') && depth < deepest;
    if (!isPair) {
      const plain = piece.replaceAll(escapedOpen, '(').replaceAll(escapedClose, ')');
      parts.push({ kind: 'text', text: plain, weight });
      continue;
    }
    const inner = piece.slice(1, -1);
    const colon = inner.lastIndexOf(':');
    const told = inner.slice(colon + 1);
    if (colon > 0 && number.test(told)) collect(inner.slice(0, colon), Number(told), depth + 1, parts);
    else collect(inner, weight * bracketFactor, depth + 1, parts);
  }
}

/** Outermost pairs with their brackets, and what is between them. */
function splitAtPairs(text: string): string[] {
  const pieces: string[] = [];
  let start = 0;
  let level = 0;
  const cut = (end: number) => {
    if (end > start) pieces.push(text.slice(start, end));
    start = end;
  };
  for (const { 0: sign, index } of text.matchAll(/[()]/g)) {
    if (sign === '(') {
      if (level === 0) cut(index);
      level += 1;
    } else {
      level -= 1;
      if (level === 0) cut(index + 1);
    }
  }
  cut(text.length);
  return pieces;
}
