import { EaselError } from '@easel/plugin-sdk';
import { z } from 'zod';
import { byteSymbols, joinSymbols, mergeLines, pairRanks } from './byte-pairs.js';
import { cleanPrompt } from './clean-text.js';
import { escapePattern } from './escape-pattern.js';

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

/** The symbols of a word; the last one tells that the word ends there. */
function symbolsOf(word: string): string[] {
  const symbols = [...Buffer.from(word)].map((byte) => byteSymbols[byte]!);
  symbols[symbols.length - 1] += '</w>';
  return symbols;
}

/**
 * CLIP's byte-pair tokenizer (Radford et al. 2021), equal to transformers' slow `CLIPTokenizer` with ftfy
 * installed.
 * @throws EaselError ERR_MODEL_FILES_INVALID, naming the file, if one cannot be read.
 */
export function createClipTokenizer(files: ClipTokenizerFiles): ClipTokenizer {
  const ids = new Map(Object.entries(parse(files, 'vocab.json', vocabulary)));
  const ranks = pairRanks(mergeLines(files['merges.txt']), (reason) => {
    throw invalid('merges.txt', reason);
  });
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
      whole === undefined
        ? joinSymbols(symbolsOf(word), ranks).map((symbol) => ids.get(symbol) ?? unknownId)
        : [whole];
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
