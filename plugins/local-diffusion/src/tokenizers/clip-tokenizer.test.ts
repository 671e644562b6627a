import { readFileSync } from 'node:fs';
import { EaselError } from '@easel/plugin-sdk';
import { expect, test } from 'vitest';
import { type ClipTokenizerFiles, createClipTokenizer } from './clip-tokenizer.js';

const folder = new URL('../../../../models/picturebook/tokenizer/', import.meta.url);
const read = (file: string) => readFileSync(new URL(file, folder), 'utf8');
const files: ClipTokenizerFiles = {
  'vocab.json': read('vocab.json'),
  'merges.txt': read('merges.txt'),
  'tokenizer_config.json': read('tokenizer_config.json'),
  'special_tokens_map.json': read('special_tokens_map.json'),
};
const tokenizer = createClipTokenizer(files);

test('pads a short prompt to the length of the model', () => {
  const { ids, truncated } = tokenizer.encodePadded('a red house');
  const own = tokenizer.encode('a red house');
  expect(ids).toHaveLength(32);
  expect(ids.slice(0, own.length + 2)).toEqual([tokenizer.bosId, ...own, tokenizer.eosId]);
  expect(new Set(ids.slice(own.length + 2))).toEqual(new Set([tokenizer.padId]));
  expect(truncated).toBe(0);
});

test('cuts a long prompt, keeps eos and says how much was lost', () => {
  const { ids, truncated } = tokenizer.encodePadded('cat '.repeat(50));
  expect(ids).toHaveLength(32);
  expect(ids.at(-1)).toBe(tokenizer.eosId);
  expect(truncated).toBe(tokenizer.encode('cat '.repeat(50)).length - 30);
});

test('takes special tokens in the prompt as such', () => {
  expect(tokenizer.encode('<|endoftext|>')).toEqual([tokenizer.eosId]);
  expect(tokenizer.encode('<|STARTOFTEXT|>')).toEqual([tokenizer.bosId]);
});

test('tokenizes any text, and nothing to nothing', () => {
  expect(tokenizer.encode(' \n ')).toEqual([]);
  expect(tokenizer.encode('東京 😀 \ud800').length).toBeGreaterThan(5);
});

test("pads with the configuration's own token", () => {
  const map = JSON.stringify({ pad_token: '!' });
  const config = JSON.stringify({ pad_token: { content: '!' }, model_max_length: 1e30 });
  const other = createClipTokenizer({
    ...files,
    'tokenizer_config.json': config,
    'special_tokens_map.json': map,
  });
  expect(other.encodePadded('').ids).toHaveLength(77);
  expect(other.encodePadded('').ids.at(-1)).toBe(JSON.parse(files['vocab.json'])['!']);
});

test.each([
  ['vocab.json', '{'],
  ['vocab.json', '{"a": "b"}'],
  ['vocab.json', '{"a": 1}'],
  ['merges.txt', '#version: 0.2\nnopair\n'],
  ['tokenizer_config.json', '{"model_max_length": "long"}'],
  ['special_tokens_map.json', '[]'],
])('names %s when it is malformed', (file, content) => {
  let error: unknown;
  try {
    createClipTokenizer({ ...files, [file]: content });
  } catch (thrown) {
    error = thrown;
  }
  expect(EaselError.isInstance(error) && error.code).toBe('ERR_MODEL_FILES_INVALID');
  expect(String(error)).toContain(file);
});
