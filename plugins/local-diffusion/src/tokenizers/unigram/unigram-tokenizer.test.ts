import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { openT5Tokenizer } from './open-t5-tokenizer.js';

const json = {
  added_tokens: [
    { id: 0, content: '<pad>' },
    { id: 1, content: '</s>' },
    { id: 7, content: '<gap>', lstrip: true, rstrip: true },
  ],
  normalizer: { type: 'NFKC' },
  pre_tokenizer: { type: 'Metaspace', replacement: '▁', prepend_scheme: 'always', split: true },
  model: {
    type: 'Unigram',
    unk_id: 2,
    vocab: [
      ['<pad>', 0],
      ['</s>', 0],
      ['<unk>', 0],
      ['▁', -2],
      ['▁cat', -3],
      ['c', -4],
      ['at', -4],
    ],
  },
};

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'easel-unigram-'));
});
afterEach(() => rm(folder, { recursive: true }));

const write = (name: string, content: string | Uint8Array) => writeFile(join(folder, name), content);
const open = () => openT5Tokenizer({ folder });

describe('T5 tokenizer', () => {
  test('cuts a prompt to its length, keeps the end and says what was left out', async () => {
    await write('tokenizer.json', JSON.stringify(json));
    const tokenizer = await open();
    expect(tokenizer.encodePadded('cat cat', 4)).toEqual({ ids: [4, 4, 1, 0], used: 3, truncated: 0 });
    expect(tokenizer.encodePadded('cat cat cat', 3)).toEqual({ ids: [4, 4, 1], used: 3, truncated: 1 });
  });

  test('takes characters without a piece as one unknown piece, those of two code units as well', async () => {
    await write('tokenizer.json', JSON.stringify(json));
    expect((await open()).encode('c😀日at')).toEqual([3, 5, 2, 6]);
  });

  test('gives added tokens the white space beside them', async () => {
    await write('tokenizer.json', JSON.stringify(json));
    expect((await open()).encode('cat  <gap> cat')).toEqual([4, 7, 4]);
  });

  test.each([
    [
      'another kind of vocabulary',
      { ...json, model: { ...json.model, type: 'BPE' } },
      /is not a tokenizer of unigrams/,
    ],
    ['a normaliser that nobody knows', { ...json, normalizer: { type: 'Bert' } }, /"Bert"/],
    [
      'a pattern that could take for ever',
      { ...json, normalizer: { type: 'Replace', pattern: { Regex: '(a+)+$' }, content: '' } },
      /"Replace"/,
    ],
    [
      'a damaged table',
      { ...json, normalizer: { type: 'Precompiled', precompiled_charsmap: '////' } },
      /damaged/,
    ],
    ['no words', { ...json, pre_tokenizer: null }, /Metaspace/],
    ['an unknown piece beyond the end', { ...json, model: { ...json.model, unk_id: 7 } }, /number 7 of 7/],
  ])('refuses %s', async (_, content, message) => {
    await write('tokenizer.json', JSON.stringify(content));
    await expect(open()).rejects.toMatchObject({
      code: 'ERR_MODEL_FILES_INVALID',
      message: expect.stringMatching(message),
    });
  });

  test('says what a folder lacks', async () => {
    await expect(open()).rejects.toMatchObject({
      code: 'ERR_MODEL_FILES_INVALID',
      message: expect.stringContaining('neither tokenizer.json nor spiece.model'),
    });
  });

  test.each([
    ['cut off', Uint8Array.of(0x0a, 0x20, 0x01)],
    ['empty', new Uint8Array()],
    ['without pieces', Uint8Array.of(0x12, 0x00)],
  ])('refuses a SentencePiece model that is %s', async (_, bytes) => {
    await write('spiece.model', bytes);
    await expect(open()).rejects.toMatchObject({
      code: 'ERR_MODEL_FILES_INVALID',
      message: expect.stringContaining('SentencePiece model'),
    });
  });
});
