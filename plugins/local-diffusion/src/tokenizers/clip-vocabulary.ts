import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { type ClipTokenizer, createClipTokenizer } from './clip-tokenizer.js';

const mergesFile = fileURLToPath(new URL('../../clip/merges.txt', import.meta.url));
const specials = ['<|startoftext|>', '<|endoftext|>'];
/**
 * Bytes that stand for themselves as letters, in the order of the vocabulary; the others follow as letters
 * from 256 on.
 */
const printable = [...span(33, 126), ...span(161, 172), ...span(174, 255)];

function span(from: number, to: number): number[] {
  return Array.from({ length: to - from + 1 }, (_, index) => from + index);
}

/**
 * CLIP's vocabulary from its merges (`bytes_to_unicode` and `SimpleTokenizer` of OpenAI's CLIP,
 * simple_tokenizer.py): the bytes as letters, the same at the end of a word, each pair that is merged, and
 * the two marks.
 *
 * @returns token to id, from 0
 */
export function clipVocabularyOf(merges: string): Record<string, number> {
  const others = span(0, 255).filter((byte) => !printable.includes(byte));
  const letters = [...printable, ...others.map((_, index) => 256 + index)].map((code) =>
    String.fromCharCode(code),
  );
  const pairs = merges
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('#version'))
    .map((line) => line.replace(' ', ''));
  const tokens = [...letters, ...letters.map((letter) => `${letter}</w>`), ...pairs, ...specials];
  return Object.fromEntries(tokens.map((token, id) => [token, id]));
}

/**
 * What fills a prompt up to its length, by the vocabulary: the end of text in CLIP's, token 0 in OpenCLIP's.
 */
const padTokens = { clip: '<|endoftext|>', 'open-clip': '!' } as const;
export type ClipVocabulary = keyof typeof padTokens;

/** Whether a vocabulary of that name comes with the engine. */
export const isClipVocabulary = (name: string): name is ClipVocabulary => Object.hasOwn(padTokens, name);

/** CLIP's tokenizer with its own vocabulary, for checkpoints that bring none. */
export async function builtInClipTokenizer(vocabulary: ClipVocabulary): Promise<ClipTokenizer> {
  const merges = await readFile(mergesFile, 'utf8');
  return createClipTokenizer({
    'vocab.json': JSON.stringify(clipVocabularyOf(merges)),
    'merges.txt': merges,
    'special_tokens_map.json': JSON.stringify({ pad_token: padTokens[vocabulary] }),
  });
}
