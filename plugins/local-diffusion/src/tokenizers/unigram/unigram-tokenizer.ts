import { invalidFiles } from '../../checkpoint/invalid-files.js';
import type { AddedToken, UnigramDescription, WordRules } from './unigram-description.js';
import { createUnigramModel } from './unigram-model.js';

/** A prompt as the text encoder takes it. */
export interface EncodedText {
  /** The text's own ids, the end, padding. */
  readonly ids: readonly number[];
  /** How many of them are no padding. */
  readonly used: number;
  /** How many of the text's own ids did not fit and were left out. */
  readonly truncated: number;
}

export interface UnigramTokenizer {
  readonly endId: number;
  readonly padId: number;
  /** The ids of a text without the end. */
  encode(text: string): number[];
  /** Ids cut to a length, the end kept, and padded to it. */
  encodePadded(text: string, length: number): EncodedText;
}

const names = { end: '</s>', pad: '<pad>' } as const;

/**
 * A tokenizer of SentencePiece's unigrams, such as T5's, equal to transformers' `T5TokenizerFast`.
 *
 * @throws ERR_MODEL_FILES_INVALID where the vocabulary has no end or no padding
 */
export function createUnigramTokenizer(description: UnigramDescription): UnigramTokenizer {
  const { origin, pieces, unknownId, addedTokens, normalize, words } = description;
  const model = createUnigramModel(pieces, unknownId, origin);
  const idOf = (text: string): number => {
    const id =
      addedTokens.find((token) => token.text === text)?.id ?? pieces.findIndex(([piece]) => piece === text);
    if (id >= 0) return id;
    throw invalidFiles(`${origin}: the vocabulary has no "${text}".`, 'Use the tokenizer of T5.');
  };
  const [endId, padId] = [idOf(names.end), idOf(names.pad)];
  const split = createSplitter(addedTokens);

  const encode = (text: string): number[] =>
    split(text).flatMap((part, index) =>
      typeof part === 'number' ? [part] : wordsOf(normalize(part), words, index === 0).flatMap(model),
    );
  return {
    endId,
    padId,
    encode,
    encodePadded(text, length) {
      const own = encode(text);
      const kept = own.slice(0, length - 1);
      const used = kept.length + 1;
      return {
        ids: [...kept, endId, ...new Array<number>(length - used).fill(padId)],
        used,
        truncated: own.length - kept.length,
      };
    },
  };
}

const escapePattern = (text: string): string => text.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&');

/**
 * Parts a text into the ids of added tokens and what is between them; of tokens that begin alike the longest
 * is taken.
 */
function createSplitter(tokens: readonly AddedToken[]): (text: string) => (string | number)[] {
  if (tokens.length === 0) return (text) => (text === '' ? [] : [text]);
  const byLength = tokens.toSorted((one, other) => other.text.length - one.text.length);
  const pattern = new RegExp(byLength.map(({ text }) => `(${escapePattern(text)})`).join('|'), 'g');
  return (text) => {
    const parts: (string | number)[] = [];
    let from = 0;
    let trimsStart = false;
    const take = (end: number, trimsEnd: boolean) => {
      const plain = text.slice(from, end);
      const started = trimsStart ? plain.trimStart() : plain;
      const part = trimsEnd ? started.trimEnd() : started;
      if (part !== '') parts.push(part);
    };
    for (const match of text.matchAll(pattern)) {
      const token = byLength[match.slice(1).findIndex((group) => group !== undefined)]!;
      take(match.index, token.takesLeft);
      parts.push(token.id);
      from = match.index + match[0].length;
      trimsStart = token.takesRight;
    }
    take(text.length, false);
    return parts;
  };
}

/** A stretch of text as words, each with the mark of the space before it. */
function wordsOf(text: string, rules: WordRules, isFirst: boolean): string[] {
  const { splitsAtWhiteSpace, spaceMark, leadingSpace } = rules;
  const stretches = splitsAtWhiteSpace ? text.split(/\s+/u) : [text];
  return stretches.flatMap((stretch, index) => {
    if (stretch === '') return [];
    const marked = stretch.replaceAll(' ', spaceMark);
    const leads = leadingSpace === 'always' || (leadingSpace === 'first' && isFirst && index === 0);
    const whole = leads && !marked.startsWith(spaceMark) ? spaceMark + marked : marked;
    return whole.split(new RegExp(`(?=${escapePattern(spaceMark)})`));
  });
}
