import { access, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { invalidFiles } from '../../checkpoint/invalid-files.js';
import { readJson } from '../../checkpoint/read-file.js';
import type { TokenizerPlace } from '../tokenizer-place.js';
import { readSentencepieceModel } from './sentencepiece-model.js';
import { readTokenizerJson } from './tokenizer-json.js';
import { createUnigramTokenizer, type UnigramTokenizer } from './unigram-tokenizer.js';

/** Files of a tokenizer's folder, the one that says most first. */
const files = { json: 'tokenizer.json', model: 'spiece.model' } as const;

/**
 * Opens T5's tokenizer: a folder with `tokenizer.json` or `spiece.model`.
 *
 * @throws ERR_MODEL_FILES_INVALID naming the file that is missing or damaged
 */
export async function openT5Tokenizer(place: TokenizerPlace): Promise<UnigramTokenizer> {
  if ('builtIn' in place) throw new Error(`there is no vocabulary of T5 called "${place.builtIn}"`);
  const json = join(place.folder, files.json);
  if (await exists(json)) return createUnigramTokenizer(readTokenizerJson(await readJson(json), json));
  const model = join(place.folder, files.model);
  if (await exists(model)) {
    return createUnigramTokenizer(readSentencepieceModel(await readFile(model), model));
  }
  throw invalidFiles(
    `${place.folder} has neither ${files.json} nor ${files.model}.`,
    'Fetch one of them from the folder that the model was published in.',
  );
}

const exists = (file: string): Promise<boolean> =>
  access(file).then(
    () => true,
    () => false,
  );
