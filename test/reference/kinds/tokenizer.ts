import { readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import {
  type ClipTokenizer,
  createClipTokenizer,
} from '../../../plugins/local-diffusion/src/tokenizers/clip-tokenizer.js';
import { readSentencepieceModel } from '../../../plugins/local-diffusion/src/tokenizers/unigram/sentencepiece-model.js';
import { readTokenizerJson } from '../../../plugins/local-diffusion/src/tokenizers/unigram/tokenizer-json.js';
import {
  createUnigramTokenizer,
  type UnigramTokenizer,
} from '../../../plugins/local-diffusion/src/tokenizers/unigram/unigram-tokenizer.js';
import type { CaseOutcome, ReferenceKind } from '../case.js';
import { qwenTokenizerCases } from './qwen-tokenizer.js';

interface TokenizerCase {
  readonly text: string;
  readonly ids: readonly number[];
  readonly [padded: `padded${number}${string}`]: readonly number[];
}

interface TokenizerFile {
  /** Folder of the vocabulary, relative to the cases; absent means the one that all sets share. */
  readonly tokenizer_dir?: string;
  readonly cases?: readonly TokenizerCase[];
}

/** CLIP's tokenizer of a folder. */
export async function loadTokenizer(folder: string): Promise<ClipTokenizer> {
  const read = (file: string) => readFile(join(folder, file), 'utf8');
  return createClipTokenizer({
    'vocab.json': await read('vocab.json'),
    'merges.txt': await read('merges.txt'),
    'tokenizer_config.json': await read('tokenizer_config.json'),
    'special_tokens_map.json': await read('special_tokens_map.json'),
  });
}

function runCase(tokenizer: ClipTokenizer, entry: TokenizerCase): CaseOutcome {
  const ids = [tokenizer.bosId, ...tokenizer.encode(entry.text), tokenizer.eosId];
  const padded = Object.entries(entry).find(([key]) => key.startsWith('padded'))?.[1] as number[] | undefined;
  if (ids.join() !== entry.ids.join()) {
    return {
      status: 'failed',
      detail: `${JSON.stringify(entry.text)}: ${ids.join(' ')}, not ${entry.ids.join(' ')}`,
    };
  }
  if (padded && tokenizer.encodePadded(entry.text).ids.join() !== padded.join()) {
    return { status: 'failed', detail: `${JSON.stringify(entry.text)}: the padded ids differ` };
  }
  return { status: 'passed', detail: `${ids.length} ids equal` };
}

/** By both of the files that a folder of T5's may have. */
async function loadUnigrams(folder: string): Promise<Readonly<Record<string, UnigramTokenizer>>> {
  const json = join(folder, 'tokenizer.json');
  const model = join(folder, 'spiece.model');
  return {
    [json]: createUnigramTokenizer(readTokenizerJson(JSON.parse(await readFile(json, 'utf8')), json)),
    [model]: createUnigramTokenizer(readSentencepieceModel(await readFile(model), model)),
  };
}

function runUnigramCase(
  tokenizers: Readonly<Record<string, UnigramTokenizer>>,
  entry: TokenizerCase,
): CaseOutcome {
  const { text, ids } = entry;
  const [key = '', padded = []] = Object.entries(entry).find(([name]) => name.startsWith('padded')) ?? [];
  for (const [file, tokenizer] of Object.entries(tokenizers)) {
    const own = [...tokenizer.encode(text), tokenizer.endId];
    const filled = key === '' ? [] : tokenizer.encodePadded(text, Number(key.slice('padded'.length))).ids;
    if (own.join() !== ids.join())
      return { status: 'failed', detail: `${file} ${JSON.stringify(text)}: ${own}, not ${ids}` };
    if (filled.join() !== padded.join())
      return { status: 'failed', detail: `${file} ${JSON.stringify(text)}: the padded ids differ` };
  }
  return { status: 'passed', detail: `${ids.length} ids equal` };
}

async function readCases(folder: string, file: string): Promise<TokenizerFile> {
  const text = await readFile(join(folder, file), 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return '{}';
    throw error;
  });
  return JSON.parse(text) as TokenizerFile;
}

/** Prompts and their token ids. */
export const tokenizer: ReferenceKind = {
  folder: 'e_tokenizer',
  async cases(folder) {
    const clip = await readCases(folder, 'clip_tokenizer.json');
    const t5 = await readCases(folder, 't5_tokenizer.json');
    const vocabulary = join(folder, clip.tokenizer_dir ?? '../../common/clip-tokenizer');
    const loaded = clip.cases ? await loadTokenizer(vocabulary) : undefined;
    const unigrams = t5.cases ? await loadUnigrams(join(dirname(folder), t5.tokenizer_dir ?? '')) : {};
    return [
      ...(clip.cases ?? []).map((entry, i) => ({
        id: `clip/${i}`,
        run: async () => runCase(loaded!, entry),
      })),
      ...(t5.cases ?? []).map((entry, i) => ({
        id: `t5/${i}`,
        run: async () => runUnigramCase(unigrams, entry),
      })),
      ...(await qwenTokenizerCases(folder)),
    ];
  },
};
