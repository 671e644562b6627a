import { EaselError } from '@easel/plugin-sdk';
import { z } from 'zod';
import { cleanPrompt } from './clean-text.js';

/** A special token is written as text or as an object around it. */
const specialToken = z.union([
  z.string(),
  z.object({ content: z.string() }).transform((token) => token.content),
]);
const specialTokens = z.object({
  bos_token: specialToken.optional(),
  eos_token: specialToken.optional(),
  pad_token: specialToken.nullish(),
  unk_token: specialToken.optional(),
});
const tokenizerConfig = specialTokens.extend({ model_max_length: z.number().positive().optional() });
const vocabulary = z.record(z.string(), z.number().int().nonnegative());

/** The texts of a `tokenizer/` folder; the two optional files have CLIP's values if they are absent. */
export interface ClipTokenizerFiles {
  readonly 'vocab.json': string;
  readonly 'merges.txt': string;
  readonly 'tokenizer_config.json'?: string | undefined;
  readonly 'special_tokens_map.json'?: string | undefined;
}

/** A prompt as the text encoder takes it. */
export interface EncodedPrompt {
  /** `maxLength` ids: bos, the prompt, eos, padding. */
  readonly ids: readonly number[];
  /** How many of the prompt's own tokens did not fit and were left out. */
  readonly truncated: number;
}

export interface ClipTokenizer {
  readonly maxLength: number;
  readonly bosId: number;
  readonly eosId: number;
  readonly padId: number;
  /** The prompt's ids between bos and eos, as many as there are. */
  encode(text: string): number[];
  /** The prompt's ids cut to `maxLength`, eos kept, and padded to it. */
  encodePadded(text: string): EncodedPrompt;
}

function invalid(file: string, reason: string, cause?: unknown): EaselError {
  return new EaselError({ code: 'ERR_MODEL_FILES_INVALID', message: `tokenizer/${file}: ${reason}`, cause });
}

function parse<T>(files: ClipTokenizerFiles, file: keyof ClipTokenizerFiles, schema: z.ZodType<T>): T {
  try {
    return schema.parse(JSON.parse(files[file] ?? '{}'));
  } catch (cause) {
    throw invalid(file, cause instanceof z.ZodError ? z.prettifyError(cause) : 'is not JSON', cause);
  }
}

/** Rank of each pair of symbols that may be joined, keyed by the two with a space between. */
function parseMerges(text: string): Map<string, number> {
  const lines = text
    .split(/\r?\n/)
    .filter((line, i) => line !== '' && !(i === 0 && line.startsWith('#version')));
  const bad = lines.findIndex((line) => line.split(' ').length !== 2);
  if (bad >= 0) throw invalid('merges.txt', `pair ${bad + 1} is not a pair of symbols`);
  return new Map(lines.map((line, rank) => [line, rank]));
}

/** GPT-2's printable stand-in for each byte, which vocabularies are written in. */
const byteSymbols: readonly string[] = (() => {
  let spare = 0x100;
  return Array.from({ length: 256 }, (_, byte) => {
    const printable = (byte > 0x20 && byte < 0x7f) || (byte > 0xa0 && byte !== 0xad);
    return String.fromCharCode(printable ? byte : spare++);
  });
})();

/** Joins a word's symbols, the best-ranked pair first, until no pair is left that may be joined. */
function joinSymbols(word: string, ranks: ReadonlyMap<string, number>): string[] {
  let symbols = [...Buffer.from(word)].map((byte) => byteSymbols[byte]!);
  symbols[symbols.length - 1] += '</w>';
  for (;;) {
    let best: string | undefined;
    let bestRank = Number.POSITIVE_INFINITY;
    for (let i = 0; i + 1 < symbols.length; i++) {
      const rank = ranks.get(`${symbols[i]} ${symbols[i + 1]}`) ?? Number.POSITIVE_INFINITY;
      if (rank < bestRank) [best, bestRank] = [`${symbols[i]} ${symbols[i + 1]}`, rank];
    }
    if (best === undefined) return symbols;
    const joined: string[] = [];
    for (let i = 0; i < symbols.length; i++) {
      const pair = i + 1 < symbols.length && `${symbols[i]} ${symbols[i + 1]}` === best;
      joined.push(pair ? symbols[i]! + symbols[i + 1]! : symbols[i]!);
      if (pair) i++;
    }
    symbols = joined;
  }
}

const escapePattern = (text: string): string => text.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&');

/**
 * CLIP's byte-pair tokenizer (Radford et al. 2021), equal to transformers' slow `CLIPTokenizer` with ftfy installed.
 * @throws EaselError ERR_MODEL_FILES_INVALID, naming the file, if one cannot be read.
 */
export function createClipTokenizer(files: ClipTokenizerFiles): ClipTokenizer {
  const ids = new Map(Object.entries(parse(files, 'vocab.json', vocabulary)));
  const ranks = parseMerges(files['merges.txt']);
  const map = parse(files, 'special_tokens_map.json', specialTokens);
  const config = parse(files, 'tokenizer_config.json', tokenizerConfig);
  const special = {
    bos: config.bos_token ?? map.bos_token ?? '<|startoftext|>',
    eos: config.eos_token ?? map.eos_token ?? '<|endoftext|>',
    pad: config.pad_token ?? map.pad_token ?? '<|endoftext|>',
    unknown: config.unk_token ?? map.unk_token ?? '<|endoftext|>',
  };
  const idOf = (token: string): number => {
    const id = ids.get(token);
    if (id === undefined) throw invalid('vocab.json', `the special token "${token}" is missing`);
    return id;
  };
  const [bosId, eosId, padId] = [idOf(special.bos), idOf(special.eos), idOf(special.pad)];
  const unknownId = idOf(special.unknown);
  // Some exports write 1e30 for "no limit"; CLIP's text encoders have 77 positions.
  const asked = config.model_max_length ?? 77;
  const maxLength = asked > 100_000 ? 77 : Math.trunc(asked);
  if (maxLength < 2)
    throw invalid('tokenizer_config.json', `model_max_length is ${asked}; it has to be 2 or more`);

  const names = [...new Set(Object.values(special))].map(escapePattern).join('|');
  const splitter = new RegExp(`(${names})`);
  const words = new RegExp(`${names}|'s|'t|'re|'ve|'m|'ll|'d|\\p{L}+|\\p{N}|[^\\s\\p{L}\\p{N}]+`, 'giu');
  const known = new Map<string, readonly number[]>();

  function encodeWord(word: string): readonly number[] {
    const cached = known.get(word);
    if (cached) return cached;
    const whole = Object.values(special).includes(word) ? ids.get(word) : undefined;
    const encoded =
      whole === undefined ? joinSymbols(word, ranks).map((symbol) => ids.get(symbol) ?? unknownId) : [whole];
    if (known.size > 10_000) known.clear();
    known.set(word, encoded);
    return encoded;
  }

  function encode(text: string): number[] {
    return text.split(splitter).flatMap((part, i) => {
      if (i % 2 === 1) return [idOf(part)];
      return (cleanPrompt(part).match(words) ?? []).flatMap(encodeWord);
    });
  }

  return {
    maxLength,
    bosId,
    eosId,
    padId,
    encode,
    encodePadded(text) {
      const own = encode(text);
      const kept = own.slice(0, maxLength - 2);
      const padding = new Array<number>(maxLength - 2 - kept.length).fill(padId);
      return { ids: [bosId, ...kept, eosId, ...padding], truncated: own.length - kept.length };
    },
  };
}
