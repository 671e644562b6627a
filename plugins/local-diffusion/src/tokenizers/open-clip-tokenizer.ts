import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { readText } from '../checkpoint/read-file.js';
import { type ClipTokenizer, createClipTokenizer } from './clip-tokenizer.js';
import { builtInClipTokenizer, isClipVocabulary } from './clip-vocabulary.js';
import type { TokenizerPlace } from './tokenizer-place.js';

/**
 * Opens a CLIP tokenizer: a `tokenizer/` folder with `vocab.json` and `merges.txt`, or CLIP's own vocabulary.
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
    'vocab.json': await readText(join(folder, 'vocab.json')),
    'merges.txt': await readText(join(folder, 'merges.txt')),
    'tokenizer_config.json': await optional('tokenizer_config.json'),
    'special_tokens_map.json': await optional('special_tokens_map.json'),
  });
}
