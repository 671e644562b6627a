import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { byteSymbols, mergeLines } from '../byte-pairs.js';

const mergesFile = fileURLToPath(new URL('../../../qwen/merges.txt', import.meta.url));

/** The name of Qwen's own vocabulary, which files of weights have not. */
export const qwenVocabulary = 'qwen';
export const isQwenVocabulary = (name: string): boolean => name === qwenVocabulary;

/** What Qwen2's and Qwen3's vocabularies have beside words, in the order of their ids. */
const addedTokens = [
  ...['<|endoftext|>', '<|im_start|>', '<|im_end|>', '<|object_ref_start|>', '<|object_ref_end|>'],
  ...['<|box_start|>', '<|box_end|>', '<|quad_start|>', '<|quad_end|>', '<|vision_start|>', '<|vision_end|>'],
  ...['<|vision_pad|>', '<|image_pad|>', '<|video_pad|>', '<tool_call>', '</tool_call>', '<|fim_prefix|>'],
  ...['<|fim_middle|>', '<|fim_suffix|>', '<|fim_pad|>', '<|repo_name|>', '<|file_sep|>', '<tool_response>'],
  ...['</tool_response>', '<think>', '</think>'],
];

/**
 * Qwen's vocabulary from its merges: the bytes as letters, those that stand for themselves first, each pair
 * that is joined, and the others.
 */
export async function builtInQwenVocabulary() {
  const merges = mergeLines(await readFile(mergesFile, 'utf8'));
  const letters = [...byteSymbols].sort((a, b) => (a < b ? -1 : 1));
  const tokens = [...letters, ...merges.map((pair) => pair.replace(' ', ''))];
  const numbered = (list: readonly string[], first: number) =>
    Object.fromEntries(list.map((token, index) => [token, first + index]));
  return { tokens: numbered(tokens, 0), merges, added: numbered(addedTokens, tokens.length) };
}
