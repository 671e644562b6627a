import { access } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { invalidFiles } from '../../checkpoint/invalid-files.js';
import { readJson, readText } from '../../checkpoint/read-file.js';
import { byteSymbols, mergeLines, pairRanks } from '../byte-pairs.js';
import type { TokenizerPlace } from '../tokenizer-place.js';
import { builtInQwenVocabulary, isQwenVocabulary } from './built-in-vocabulary.js';
import { type ByteLevelTokenizer, createByteLevelTokenizer } from './byte-level-tokenizer.js';

const id = z.int().nonnegative();
const vocabulary = z.record(z.string(), id);

/** The form in which Hugging Face's tokenizers are saved. */
const tokenizerJson = z.object({
  model: z.object({
    vocab: vocabulary,
    merges: z.array(z.union([z.string(), z.tuple([z.string(), z.string()])])),
  }),
  added_tokens: z.array(z.object({ id, content: z.string().min(1) })).default([]),
});
const tokenizerConfig = z.looseObject({
  added_tokens_decoder: z.record(z.string(), z.object({ content: z.string().min(1) })).default({}),
});

interface Vocabulary {
  /** For messages. */
  readonly origin: string;
  readonly tokens: Readonly<Record<string, number>>;
  /** Pairs, the two of each with a space between. */
  readonly merges: readonly string[];
  readonly added: Readonly<Record<string, number>>;
}

/**
 * Opens a tokenizer of byte pairs as Qwen's text models have it: a folder with `tokenizer.json`, or with
 * `vocab.json` and `merges.txt`, or the vocabulary that comes with the engine.
 *
 * @throws ERR_MODEL_FILES_INVALID naming the file that is missing or damaged
 */
export async function openByteLevelTokenizer(place: TokenizerPlace): Promise<ByteLevelTokenizer> {
  const { origin, tokens, merges, added } = await vocabularyOf(place);
  const ids = new Map(Object.entries(tokens));
  const refuse = (reason: string): never => {
    throw invalidFiles(`${origin}: ${reason}.`);
  };
  if (!byteSymbols.every((symbol) => ids.has(symbol))) refuse('it has no token for some bytes');
  const missing = merges.find((pair) => !ids.has(pair.replace(' ', '')));
  if (missing !== undefined) refuse(`"${missing}" is joined to no token`);
  return createByteLevelTokenizer({
    ids,
    ranks: pairRanks(merges, refuse),
    addedTokens: new Map(Object.entries(added)),
  });
}

async function vocabularyOf(place: TokenizerPlace): Promise<Vocabulary> {
  if ('builtIn' in place) {
    if (!isQwenVocabulary(place.builtIn))
      throw new Error(`there is no vocabulary of Qwen called "${place.builtIn}"`);
    return { origin: 'the vocabulary of Qwen', ...(await builtInQwenVocabulary()) };
  }
  const { folder } = place;
  const fast = join(folder, 'tokenizer.json');
  if (await exists(fast)) return await readFast(fast);
  return {
    origin: folder,
    tokens: await parsed(join(folder, 'vocab.json'), vocabulary),
    merges: mergeLines(await readText(join(folder, 'merges.txt'))),
    added: await addedTokensOf(folder),
  };
}

async function readFast(file: string): Promise<Vocabulary> {
  const { model, added_tokens } = await parsed(file, tokenizerJson);
  return {
    origin: file,
    tokens: model.vocab,
    merges: model.merges.map((pair) => (typeof pair === 'string' ? pair : pair.join(' '))),
    added: Object.fromEntries(added_tokens.map(({ id: number, content }) => [content, number])),
  };
}

/** Of a folder without `tokenizer.json`: from its settings, and from a file that older versions wrote. */
async function addedTokensOf(folder: string): Promise<Record<string, number>> {
  const [settings, list] = [join(folder, 'tokenizer_config.json'), join(folder, 'added_tokens.json')];
  const decoder = (await exists(settings))
    ? (await parsed(settings, tokenizerConfig)).added_tokens_decoder
    : {};
  const named = Object.entries(decoder).map(([number, { content }]) => [content, Number(number)]);
  return { ...Object.fromEntries(named), ...((await exists(list)) ? await parsed(list, vocabulary) : {}) };
}

async function parsed<Schema extends z.ZodType>(file: string, schema: Schema): Promise<z.output<Schema>> {
  const result = schema.safeParse(await readJson(file));
  if (result.success) return result.data;
  throw invalidFiles(`${file} is not of a tokenizer of byte pairs: ${z.prettifyError(result.error)}.`);
}

const exists = (file: string): Promise<boolean> =>
  access(file).then(
    () => true,
    () => false,
  );
