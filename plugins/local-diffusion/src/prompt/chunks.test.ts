import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { createClipTokenizer } from '../tokenizers/clip-tokenizer.js';
import { chunkPrompt, equaliseChunks, type PromptChunk } from './chunks.js';
import { parsePromptWeights } from './weights.js';

const folder = new URL('../../../../models/picturebook/tokenizer/', import.meta.url);
const read = (file: string) => readFileSync(new URL(file, folder), 'utf8');
const withPadding = (padToken: string) =>
  createClipTokenizer({
    'vocab.json': read('vocab.json'),
    'merges.txt': read('merges.txt'),
    'tokenizer_config.json': JSON.stringify({ model_max_length: 77, pad_token: padToken }),
  });
const tokenizer = withPadding('<|endoftext|>');
const openClip = withPadding('!');
const { bosId, eosId } = tokenizer;

const [comma, a, b] = [',', 'a', 'b'].map((word) => tokenizer.encode(word)[0]!) as [number, number, number];
const chunk = (prompt: string, ...placeholders: { word: string; ids: number[] }[]) =>
  chunkPrompt(tokenizer, parsePromptWeights(prompt), placeholders);
/** What stands between bos and the first eos. */
const own = ({ ids }: PromptChunk) => ids.slice(1, ids.indexOf(eosId));

describe('chunkPrompt', () => {
  test.each([
    '',
    'a red house',
    'a: b, <|endoftext|> c) ]',
    'a '.repeat(75),
    'schÃ¶n, "ｑｕｏｔｅｓ”',
    'breakfast',
  ])('gives the ids of encodePadded for %j', (prompt) => {
    for (const one of [tokenizer, openClip]) {
      const { chunks } = chunkPrompt(one, parsePromptWeights(prompt));
      const weights = new Array(77).fill(1);
      expect(chunks).toEqual([{ ids: one.encodePadded(prompt).ids, weights }]);
    }
  });

  test('frames and pads each chunk, with weights for its own tokens only', () => {
    const { chunks } = chunkPrompt(openClip, parsePromptWeights(`(${'a '.repeat(75)}b:1.5)`));
    const pad = openClip.padId;
    expect(pad).not.toBe(eosId);
    expect(chunks).toEqual([
      { ids: [bosId, ...new Array(75).fill(a), eosId], weights: [1, ...new Array(75).fill(1.5), 1] },
      { ids: [bosId, b, eosId, ...new Array(74).fill(pad)], weights: [1, 1.5, ...new Array(75).fill(1)] },
    ]);
  });

  test.each([
    ['20 tokens before the end', 55, 20],
    ['21 tokens before the end', 54, 0],
    ['as the last token', 74, 1],
  ])('moves what follows a comma %s', (_, before, moved) => {
    const { chunks } = chunk(`${'a '.repeat(before)}, ${'a '.repeat(74 - before)} b`);
    const tail = before === 74 ? [b] : [...new Array(moved === 0 ? 0 : 74 - before).fill(a), b];
    expect(chunks.map(own)).toEqual([
      moved === 0
        ? [...new Array(before).fill(a), comma, ...new Array(74 - before).fill(a)]
        : [...new Array(before).fill(a), comma],
      tail,
    ]);
  });

  test('moves nothing for a comma that itself does not fit', () => {
    const { chunks } = chunk(`${'a '.repeat(70)}, a a a a , b`);
    expect(chunks.map(own)).toEqual([
      [...new Array(70).fill(a), comma, a, a, a, a],
      [comma, b],
    ]);
  });

  test('moves the weights with their tokens', () => {
    const { chunks } = chunk(`${'a '.repeat(70)}, a (b:0.5) a a a`);
    expect(chunks.map(own)).toEqual([
      [...new Array(70).fill(a), comma],
      [a, b, a, a, a],
    ]);
    expect(chunks[0]!.weights).toEqual(new Array(77).fill(1));
    expect(chunks[1]!.weights.slice(0, 5)).toEqual([1, 1, 0.5, 1, 1]);
  });

  test.each([
    ['a BREAK b', [[a], [b]]],
    ['BREAK b', [[], [b]]],
    ['a BREAK', [[a]]],
    ['BREAK', [[]]],
    ['a BREAK BREAK b', [[a], [], [b]]],
  ])('starts a chunk at each break of %j', (prompt, expected) => {
    expect(chunk(prompt).chunks.map(own)).toEqual(expected);
  });

  test('puts the vectors of a placeholder in its place, with its weight', () => {
    const { chunks } = chunk('a (<b>:0.5), b', { word: '<b>', ids: [50000, 50001] });
    expect(own(chunks[0]!)).toEqual([a, 50000, 50001, comma, b]);
    expect(chunks[0]!.weights.slice(0, 6)).toEqual([1, 1, 0.5, 0.5, 1, 1]);
  });

  test('keeps the vectors of a placeholder together', () => {
    const { chunks } = chunk(`${'a '.repeat(74)} <b> b`, { word: '<b>', ids: [50000, 50001] });
    expect(chunks.map(own)).toEqual([new Array(74).fill(a), [50000, 50001, b]]);
  });

  test('cuts a placeholder that fills more than a chunk, and says so', () => {
    const ids = Array.from({ length: 80 }, (_, index) => 50000 + index);
    const { chunks, warnings } = chunk('a <b> b', { word: '<b>', ids });
    expect(chunks.map(own)).toEqual([[a], ids.slice(0, 75), [b]]);
    expect(warnings).toEqual(['The last 5 vectors of "<b>" had no effect: only 75 fit into a chunk.']);
  });
});

test('equaliseChunks appends empty chunks', () => {
  const prompts = ['a BREAK b BREAK a', ''].map(
    (prompt) => chunkPrompt(openClip, parsePromptWeights(prompt)).chunks,
  );
  const equal = equaliseChunks(openClip, prompts);
  expect(equal[0]).toEqual(prompts[0]);
  expect(equal[1]!.map(({ ids }) => ids)).toEqual(new Array(3).fill(openClip.encodePadded('').ids));
  expect(equaliseChunks(openClip, prompts, 5).map((chunks) => chunks.length)).toEqual([5, 5]);
});
