import { byteSymbols, joinSymbols, type PairRanks } from '../byte-pairs.js';
import { escapePattern } from '../escape-pattern.js';

/** What a byte-level vocabulary is made of. */
export interface ByteLevelDescription {
  /** Token to id. */
  readonly ids: ReadonlyMap<string, number>;
  readonly ranks: PairRanks;
  /** Tokens that are no words: they are found in a text whole, and before anything else. */
  readonly addedTokens: ReadonlyMap<string, number>;
}

export interface ByteLevelTokenizer {
  /** The ids of a text; none for an empty one. */
  encode(text: string): number[];
  /** The id of an added token, e.g. `<|endoftext|>`; undefined where there is none. */
  idOf(token: string): number | undefined;
}

/** What Qwen's vocabularies take for a word. White space is Unicode's, which is not that of `\s`. */
const words = (() => {
  const space = '\\p{White_Space}';
  const kinds = [
    "'(?:[sStTmMdD]|[rR][eE]|[vV][eE]|[lL][lL])",
    '[^\\r\\n\\p{L}\\p{N}]?\\p{L}+',
    '\\p{N}',
    ` ?[^${space}\\p{L}\\p{N}]+[\\r\\n]*`,
    `${space}*[\\r\\n]+`,
    `${space}+(?![^${space}])`,
    `${space}+`,
  ];
  return new RegExp(kinds.join('|'), 'gu');
})();

const rememberedWords = 10_000;

/**
 * Qwen's tokenizer of byte pairs, equal to transformers' `Qwen2Tokenizer`: text in the normal form C, each
 * digit by itself.
 */
export function createByteLevelTokenizer({
  ids,
  ranks,
  addedTokens,
}: ByteLevelDescription): ByteLevelTokenizer {
  // The longest first, of those that begin at one place.
  const names = [...addedTokens.keys()].sort((a, b) => b.length - a.length).map(escapePattern);
  const splitter = new RegExp(names.length > 0 ? `(${names.join('|')})` : '(?!)');
  const known = new Map<string, readonly number[]>();

  function encodeWord(word: string): readonly number[] {
    const cached = known.get(word);
    if (cached) return cached;
    const symbols = [...Buffer.from(word)].map((byte) => byteSymbols[byte]!);
    // Each byte is a token of its own, so that each symbol that comes of joining is one, too.
    const encoded = joinSymbols(symbols, ranks).map((symbol) => ids.get(symbol)!);
    if (known.size > rememberedWords) known.clear();
    known.set(word, encoded);
    return encoded;
  }

  return {
    encode: (text) =>
      text.split(splitter).flatMap((part, i) => {
        if (i % 2 === 1) return [addedTokens.get(part)!];
        return (part.normalize('NFC').match(words) ?? []).flatMap(encodeWord);
      }),
    idOf: (token) => addedTokens.get(token),
  };
}
