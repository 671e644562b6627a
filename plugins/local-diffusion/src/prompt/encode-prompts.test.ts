import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { createClipTokenizer } from '../tokenizers/clip-tokenizer.js';
import { type EncodeChunks, encodePrompts, preparePrompts } from './encode-prompts.js';

const folder = new URL('../../../../models/picturebook/tokenizer/', import.meta.url);
const read = (file: string) => readFileSync(new URL(file, folder), 'utf8');
const tokenizer = createClipTokenizer({ 'vocab.json': read('vocab.json'), 'merges.txt': read('merges.txt') });

const idOf = (word: string) => tokenizer.encode(word)[0]!;

/** Each token's embedding is [id, 1]; the pooled one is the id of the first token of the prompt's own. */
const encodeChunks: EncodeChunks = async (ids) => ({
  hidden: Float32Array.from(ids.flatMap((row) => row.flatMap((id) => [id, 1]))),
  shape: [ids.length, 77, 2],
  pooled: Float32Array.from(ids.flatMap((row) => [row[1]!, 7])),
});

describe('preparePrompts', () => {
  test('gives prompt and negative prompt equally many chunks', () => {
    const { prompts, warnings } = preparePrompts(tokenizer, ['a BREAK b', 'b']);
    expect(prompts.map((chunks) => chunks.length)).toEqual([2, 2]);
    expect(prompts[1]![1]!.ids).toEqual(tokenizer.encodePadded('').ids);
    expect(warnings).toEqual([]);
    expect(preparePrompts(tokenizer, ['a'], { minimumChunks: 3 }).prompts[0]).toHaveLength(3);
  });

  test('warns of what has no effect, once', () => {
    const text = 'a [cat:dog:0.5] [x|y] [fine: art] \\[a:1\\] [b] <lora:name:0.8> <b>';
    const placeholders = [
      { word: '<a>', ids: [50000] },
      { word: '<b>', ids: [50001] },
    ];
    expect(preparePrompts(tokenizer, [text, text], { placeholders }).warnings).toEqual([
      expect.stringContaining('"[cat:dog:0.5]"'),
      expect.stringContaining('"[x|y]"'),
      expect.stringContaining('"<lora:name:0.8>"'),
      expect.stringContaining('"<a>"'),
    ]);
  });

  test('reads embedding:name as the word of a textual inversion, and warns where there is none', () => {
    const placeholders = [{ word: 'Foo-1', ids: [50000] }];
    const read = (text: string) => preparePrompts(tokenizer, [text], { placeholders });
    expect(read('a (embedding:foo-1:1.2), b')).toEqual(read('a (Foo-1:1.2), b'));
    expect(read('Foo-1, embedding:bar, embedding:Foo-12').warnings).toEqual([
      expect.stringContaining('"embedding:bar" had no effect as an embedding'),
      expect.stringContaining('"embedding:Foo-12" had no effect'),
    ]);
  });

  test.each([
    ['a cat AND a dog :1.2', 1],
    ['A CAT ANDROID and a BRAND', 0],
  ])('says that AND is not read as composition: %s', (text, warnings) => {
    expect(preparePrompts(tokenizer, [text]).warnings).toEqual(
      Array(warnings).fill(expect.stringContaining('"AND" had no effect')),
    );
  });
});

describe('encodePrompts', () => {
  test('joins the chunks of each prompt and takes the pooled embedding of the first', async () => {
    const { prompts } = preparePrompts(tokenizer, ['a BREAK b', 'c']);
    const { hidden, shape, pooled } = await encodePrompts({ prompts }, encodeChunks);
    expect(shape).toEqual([2, 154, 2]);
    const idsSeen = hidden.filter((_, index) => index % 2 === 0);
    expect([...idsSeen]).toEqual(prompts.flatMap((chunks) => chunks.flatMap(({ ids }) => ids)));
    expect([...pooled!]).toEqual([idOf('a'), 7, idOf('c'), 7]);
  });

  test('weighs the embeddings but not the pooled one', async () => {
    const { prompts } = preparePrompts(tokenizer, ['(a:1.5) b']);
    const { hidden, shape, pooled } = await encodePrompts({ prompts }, encodeChunks);
    expect(shape).toEqual([1, 77, 2]);
    expect(hidden[3]! / hidden[5]!).toBeCloseTo(1.5, 6);
    expect([...pooled!]).toEqual([idOf('a'), 7]);
  });

  test('hands on the encoder own array where there is nothing to weigh', async () => {
    const hidden = new Float32Array(77 * 2);
    const { prompts } = preparePrompts(tokenizer, ['a']);
    const encoded = await encodePrompts({ prompts }, async () => ({ hidden, shape: [1, 77, 2] }));
    expect(encoded.hidden).toBe(hidden);
    expect(encoded.pooled).toBeUndefined();
  });

  test('refuses an answer of another size', async () => {
    const { prompts } = preparePrompts(tokenizer, ['a BREAK b']);
    const encode: EncodeChunks = async () => ({ hidden: new Float32Array(154), shape: [1, 77, 2] });
    await expect(encodePrompts({ prompts }, encode)).rejects.toThrow('[1,77,2] for 2 chunks');
  });
});
