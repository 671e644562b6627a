import { access, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { invalidFiles } from '../checkpoint/invalid-files.js';
import { readJson, readText } from '../checkpoint/read-file.js';
import { type ClipTokenizer, createClipTokenizer } from './clip-tokenizer.js';
import { builtInClipTokenizer, isClipVocabulary } from './clip-vocabulary.js';
import type { TokenizerPlace } from './tokenizer-place.js';

/**
 * Opens a CLIP tokenizer: a `tokenizer/` folder with `vocab.json` and `merges.txt`, or with `tokenizer.json`
 * alone, or CLIP's own vocabulary.
 *
 * @throws ERR_MODEL_FILES_INVALID naming the file that is missing or damaged
 */
export async function openClipTokenizer(place: TokenizerPlace): Promise<ClipTokenizer> {
  if ('builtIn' in place) {
    if (isClipVocabulary(place.builtIn)) return await builtInClipTokenizer(place.builtIn);
    throw new Error(`there is no vocabulary of CLIP called "${place.builtIn}"`);
  }
  const { folder } = place;
  const optional = (name: string) => readFile(join(folder, name), 'utf8').catch(() => undefined);
  return createClipTokenizer({
    ...(await vocabularyOf(folder)),
    'tokenizer_config.json': await optional('tokenizer_config.json'),
    'special_tokens_map.json': await optional('special_tokens_map.json'),
  });
}

/**
 * The form in which transformers' fast tokenizers are saved; since transformers 5 they are all of that kind.
 */
const fastSchema = z.object({
  model: z.object({
    vocab: z.record(z.string(), z.number()),
    merges: z.array(z.union([z.string(), z.tuple([z.string(), z.string()])])),
  }),
});

/** `vocab.json` and `merges.txt`, or what `tokenizer.json` has of both. */
async function vocabularyOf(folder: string): Promise<{ 'vocab.json': string; 'merges.txt': string }> {
  const fast = join(folder, 'tokenizer.json');
  const [hasVocabulary, hasFast] = await Promise.all([exists(join(folder, 'vocab.json')), exists(fast)]);
  if (hasVocabulary || !hasFast) {
    return {
      'vocab.json': await readText(join(folder, 'vocab.json')),
      'merges.txt': await readText(join(folder, 'merges.txt')),
    };
  }
  const parsed = fastSchema.safeParse(await readJson(fast));
  if (!parsed.success)
    throw invalidFiles(`${fast} is not of a CLIP tokenizer: ${z.prettifyError(parsed.error)}.`);
  const { vocab, merges } = parsed.data.model;
  const lines = merges.map((pair) => (typeof pair === 'string' ? pair : pair.join(' ')));
  return { 'vocab.json': JSON.stringify(vocab), 'merges.txt': lines.join('\n') };
}

const exists = (file: string): Promise<boolean> =>
  access(file).then(
    () => true,
    () => false,
  );
