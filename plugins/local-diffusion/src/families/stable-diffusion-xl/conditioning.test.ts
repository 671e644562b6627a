import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import type { Conditioning, ConditioningRequest } from '../../pipelines/diffusion-model.js';
import type { TextEncoder } from '../../prompt/text-encoding.js';
import { createClipTokenizer } from '../../tokenizers/clip-tokenizer.js';
import { conditionStableDiffusionXl, type XlTextParts } from './conditioning.js';

const folder = new URL('../../../../../models/picturebook/tokenizer/', import.meta.url);
const read = (file: string) => readFileSync(new URL(file, folder), 'utf8');
const tokenizer = createClipTokenizer({ 'vocab.json': read('vocab.json'), 'merges.txt': read('merges.txt') });
const idOf = (word: string) => tokenizer.encode(word)[0]!;

/**
 * Each token's embedding is its id and then the layers left out, over the given width; the pooled one is the
 * first own id.
 */
const encoder = (width: number, projects: boolean): TextEncoder => ({
  tokenizer,
  table: { vocabularySize: 50000, width },
  async encode(ids, clipSkip) {
    return {
      hidden: Float32Array.from(
        ids.flatMap((row) => row.flatMap((id) => [id, ...new Array<number>(width - 1).fill(clipSkip)])),
      ),
      shape: [ids.length, ids[0]!.length, width],
      pooled: projects ? Float32Array.from(ids.flatMap((row) => [row[1]!, -1])) : undefined,
    };
  },
});
const base: XlTextParts = {
  encoders: [encoder(2, false), encoder(3, true)],
  zerosForNoNegativePrompt: true,
  readsAestheticScore: false,
};
const refiner: XlTextParts = {
  encoders: [encoder(3, true)],
  zerosForNoNegativePrompt: false,
  readsAestheticScore: true,
};
const condition = (parts: XlTextParts, changes: Partial<ConditioningRequest> = {}) =>
  conditionStableDiffusionXl(parts, {
    prompts: ['a'],
    negativePrompts: undefined,
    isGuided: true,
    clipSkip: 0,
    width: 96,
    height: 64,
    ...changes,
  });
const values = (conditioning: Conditioning | undefined, name: string) => [
  ...(conditioning![name]!.data as Float32Array),
];
const pooled = (conditioning: Conditioning | undefined) => values(conditioning, 'text_embeds');

describe('the base', () => {
  test("sets both encoders' embeddings side by side and pools the second", async () => {
    const { conditional } = await condition(base, {
      prompts: ['a', 'b'],
      familyOptions: { secondPrompts: ['c', ''] },
    });
    expect(conditional.encoder_hidden_states!.shape).toEqual([2, 77, 5]);
    const tokens = values(conditional, 'encoder_hidden_states');
    // The second token of each prompt is its own.
    expect(tokens.slice(5, 10)).toEqual([idOf('a'), 0, idOf('c'), 0, 0]);
    expect(tokens.slice(78 * 5, 79 * 5)).toEqual([idOf('b'), 0, idOf('b'), 0, 0]);
    expect(conditional.text_embeds!.shape).toEqual([2, 2]);
    expect(pooled(conditional)).toEqual([idOf('c'), -1, idOf('b'), -1]);
  });

  test('takes zeros for no negative prompt, and encodes an empty one', async () => {
    const none = (await condition(base)).unconditional;
    expect(new Set(values(none, 'encoder_hidden_states'))).toEqual(new Set([0]));
    expect(pooled(none)).toEqual([0, 0]);
    const empty = (await condition(base, { negativePrompts: [''] })).unconditional;
    expect(pooled(empty)).toEqual([tokenizer.eosId, -1]);
    const encoded = await condition({ ...base, zerosForNoNegativePrompt: false });
    expect(encoded.unconditional).toEqual(empty);
    expect((await condition(base, { isGuided: false })).unconditional).toBeUndefined();
  });

  test('leaves further layers out for the prompt only', async () => {
    const { conditional, unconditional } = await condition(base, { negativePrompts: ['b'], clipSkip: 2 });
    expect(values(conditional, 'encoder_hidden_states').slice(6, 7)).toEqual([2]);
    expect(values(unconditional, 'encoder_hidden_states').slice(6, 7)).toEqual([0]);
  });

  test("is told the picture's size, or what is asked instead, height first", async () => {
    const own = await condition(base, { prompts: ['a', 'b'] });
    expect(own.conditional.time_ids!.shape).toEqual([2, 6]);
    expect(values(own.conditional, 'time_ids')).toEqual([64, 96, 0, 0, 64, 96, 64, 96, 0, 0, 64, 96]);
    expect(own.unconditional!.time_ids).toEqual(own.conditional.time_ids);
    const { conditional, unconditional } = await condition(base, {
      familyOptions: {
        conditions: { originalSize: [512, 768], cropTopLeft: [16, 8], targetSize: [96, 64] },
        negativeConditions: { originalSize: [64, 32] },
      },
    });
    expect(values(conditional, 'time_ids')).toEqual([512, 768, 16, 8, 96, 64]);
    expect(values(unconditional, 'time_ids')).toEqual([64, 32, 16, 8, 96, 64]);
  });

  test('warns once of what neither encoder read', async () => {
    const { warnings } = await condition(base, {
      prompts: ['a '.repeat(90)],
      negativePrompts: ['a '.repeat(90)],
    });
    expect(warnings).toEqual([expect.stringContaining('The last 15 tokens')]);
  });
});

describe('weighted prompts', () => {
  const chunk = 77;

  test('have as many chunks in both encoders and both halves as the longest has', async () => {
    const request: Partial<ConditioningRequest> = {
      promptStyle: 'weighted',
      prompts: ['a'],
      negativePrompts: ['b'],
      familyOptions: { secondPrompts: ['c BREAK d BREAK e'] },
    };
    const { conditional, unconditional, warnings } = await condition(base, request);
    expect(warnings).toEqual([]);
    expect(conditional.encoder_hidden_states!.shape).toEqual([1, 3 * chunk, 5]);
    expect(unconditional!.encoder_hidden_states!.shape).toEqual([1, 3 * chunk, 5]);
    const tokens = values(conditional, 'encoder_hidden_states');
    const firstOfChunk = (index: number) => tokens.slice((index * chunk + 1) * 5, (index * chunk + 2) * 5);
    expect(firstOfChunk(0)).toEqual([idOf('a'), 0, idOf('c'), 0, 0]);
    expect(firstOfChunk(1)).toEqual([tokenizer.eosId, 0, idOf('d'), 0, 0]);
    expect(firstOfChunk(2)).toEqual([tokenizer.eosId, 0, idOf('e'), 0, 0]);
    expect(pooled(conditional)).toEqual([idOf('c'), -1]);
  });

  test('weigh tokens, and not what is pooled', async () => {
    const weighted = await condition(base, { promptStyle: 'weighted', prompts: ['(a:1.5) b'] });
    const neutral = await condition(base, { promptStyle: 'weighted', prompts: ['a b'] });
    const token = (conditioning: Conditioning, place: number) =>
      values(conditioning, 'encoder_hidden_states')[place * 5]!;
    const ratio = (place: number) => token(weighted.conditional, place) / token(neutral.conditional, place);
    expect(ratio(1) / ratio(2)).toBeCloseTo(1.5, 5);
    expect(pooled(weighted.conditional)).toEqual(pooled(neutral.conditional));
    const plain = await condition(base, { prompts: ['(a:1.5) b'] });
    expect(token(plain.conditional, 1)).toBe(tokenizer.encode('(')[0]);
  });
});

describe('textual inversions', () => {
  const matrix = (vectors: number, width: number) => ({
    vectors,
    width,
    values: new Float32Array(vectors * width).fill(width),
  });
  const inversion = { word: 'style', file: 'style.safetensors', matrices: [matrix(2, 2), matrix(2, 3)] };

  test.each(['plain', 'weighted'] as const)(
    'are ids beyond the vocabulary, with %s prompts',
    async (style) => {
      const request = { promptStyle: style, prompts: ['a style b'], inversions: [inversion] };
      const { conditional, warnings } = await condition(base, request);
      expect(warnings).toEqual([]);
      const tokens = values(conditional, 'encoder_hidden_states');
      const ids = [1, 2, 3, 4].map((place) => tokens[place * 5]);
      expect(ids).toEqual([idOf('a'), 50000, 50001, idOf('b')]);
      expect((await condition(refiner, request)).conditional.encoder_hidden_states!.shape).toEqual([
        1, 77, 3,
      ]);
    },
  );

  test('of another kind of model are refused, and unused ones are told', async () => {
    const { warnings } = await condition(base, { inversions: [inversion] });
    expect(warnings).toEqual([expect.stringContaining('"style" had no effect')]);
    const other = { ...inversion, matrices: [matrix(2, 2)] };
    await expect(condition(base, { inversions: [other] })).rejects.toMatchObject({
      code: 'ERR_MODEL_FILES_INVALID',
    });
  });
});

test('the refiner has one encoder, and is told how beautiful the picture is', async () => {
  const { conditional, unconditional } = await condition(refiner);
  expect(conditional.encoder_hidden_states!.shape).toEqual([1, 77, 3]);
  expect(values(conditional, 'time_ids')).toEqual([64, 96, 0, 0, 6]);
  expect(values(unconditional, 'time_ids')).toEqual([64, 96, 0, 0, 2.5]);
  expect(pooled(unconditional)).toEqual([tokenizer.eosId, -1]);
  const asked = await condition(refiner, {
    familyOptions: { conditions: { aestheticScore: 9 }, negativeConditions: { aestheticScore: 1 } },
  });
  expect(values(asked.conditional, 'time_ids').at(-1)).toBe(9);
  expect(values(asked.unconditional, 'time_ids').at(-1)).toBe(1);
});
