/** A piece of a prompt: text with its weight, or the place where a new chunk starts. */
export type PromptPart =
  | { readonly kind: 'text'; readonly text: string; readonly weight: number }
  | { readonly kind: 'break' };

/** What a pair of round brackets multiplies by, and a pair of square ones divides by. */
const bracketFactor = 1.1;

/** An escape, a bracket, the weight that ends a pair of round brackets, or text up to any of these. */
const signs = /\\[()[\]\\]?|[([\]]|:\s*([+-]?(?:\d+(?:\.\d*)?|\.\d+))\s*\)|\)|[^\\()[\]:]+|:/g;

/** The keyword as a word of its own; `\b` knows the letters of ASCII only. */
const breakWord = /(?<![\p{L}\p{N}_])BREAK(?![\p{L}\p{N}_])/u;

interface Piece {
  /** Absent: a break. */
  text: string | undefined;
  weight: number;
}

/**
 * Reads prompt weights in Automatic1111's syntax, as `parse_prompt_attention` in stable-diffusion-webui's
 * `modules/prompt_parser.py` does: `(word)` times 1.1, `[word]` divided by 1.1, `(word:1.3)` times 1.3, all
 * of them nested; `\(` `\)` `\[` `\]` `\\` for the signs themselves; a bracket that is never closed lasts to
 * the end of the prompt, one that was never opened is text; `BREAK`, as a word of its own, starts a new
 * chunk. Neighbours of the same weight are joined.
 *
 * It differs twice, where webui fails: a BREAK within brackets stays one (there it becomes the word "break"
 * with a negative weight), and a number such as `1.2.3` is text (there it is an exception).
 *
 * @returns the parts in order, without empty texts; nothing at all for an empty prompt
 */
export function parsePromptWeights(prompt: string): PromptPart[] {
  const pieces: Piece[] = [];
  const round: number[] = [];
  const square: number[] = [];
  const multiplyFrom = (start: number, factor: number) => {
    for (const piece of pieces.slice(start)) piece.weight *= factor;
  };

  for (const [sign, weight] of prompt.matchAll(signs)) {
    // A backslash before anything else is dropped, as webui does.
    if (sign.startsWith('\\')) pieces.push({ text: sign.slice(1), weight: 1 });
    else if (sign === '(') round.push(pieces.length);
    else if (sign === '[') square.push(pieces.length);
    else if (weight !== undefined && round.length > 0) multiplyFrom(round.pop()!, Number(weight));
    else if (sign === ')' && round.length > 0) multiplyFrom(round.pop()!, bracketFactor);
    else if (sign === ']' && square.length > 0) multiplyFrom(square.pop()!, 1 / bracketFactor);
    else for (const piece of splitAtBreaks(sign)) pieces.push(piece);
  }
  for (const start of round) multiplyFrom(start, bracketFactor);
  for (const start of square) multiplyFrom(start, 1 / bracketFactor);
  return join(pieces);
}

/** A break swallows the white space around it, and leaves text on both its sides, if only an empty one. */
function splitAtBreaks(text: string): Piece[] {
  const texts = text.split(breakWord);
  return texts.flatMap((part, index) => {
    const start = index === 0 ? part : part.trimStart();
    const trimmed = index === texts.length - 1 ? start : start.trimEnd();
    const piece: Piece = { text: trimmed, weight: 1 };
    return index === 0 ? [piece] : [{ text: undefined, weight: 1 }, piece];
  });
}

function join(pieces: readonly Piece[]): PromptPart[] {
  const joined: Piece[] = [];
  for (const piece of pieces) {
    const last = joined.at(-1);
    if (last?.text !== undefined && piece.text !== undefined && last.weight === piece.weight) {
      last.text += piece.text;
    } else {
      joined.push({ ...piece });
    }
  }
  return joined.flatMap(({ text, weight }): PromptPart[] => {
    if (text === undefined) return [{ kind: 'break' }];
    return text === '' ? [] : [{ kind: 'text', text, weight }];
  });
}
