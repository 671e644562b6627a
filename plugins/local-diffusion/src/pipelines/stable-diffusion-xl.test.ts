import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { createClipTokenizer } from '../prompt/tokenizer.js';
import type { Conditioning, ConditioningRequest } from './diffusion-model.js';
import { conditionStableDiffusionXl, type XlTextParts } from './stable-diffusion-xl.js';
import type { TextEncoder } from './text-encoding.js';

const folder = new URL('../../../../models/picturebook/tokenizer/', import.meta.url);
const read = (file: string) => readFileSync(new URL(file, folder), 'utf8');
const tokenizer = createClipTokenizer({ 'vocab.json': read('vocab.json'), 'merges.txt': read('merges.txt') });
const idOf = (word: string) => tokenizer.encode(word)[0]!;

/** Each token's embedding is its id and then the layers left out, over the given width; the pooled one is the first own id. */
const encoder = (width: number, projects: boolean): TextEncoder => ({
  tokenizer,
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
    const { conditional } = await condition(base, { prompts: ['a', 'b'], xl: { secondPrompts: ['c', ''] } });
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
      xl: {
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

test('the refiner has one encoder, and is told how beautiful the picture is', async () => {
  const { conditional, unconditional } = await condition(refiner);
  expect(conditional.encoder_hidden_states!.shape).toEqual([1, 77, 3]);
  expect(values(conditional, 'time_ids')).toEqual([64, 96, 0, 0, 6]);
  expect(values(unconditional, 'time_ids')).toEqual([64, 96, 0, 0, 2.5]);
  expect(pooled(unconditional)).toEqual([tokenizer.eosId, -1]);
  const asked = await condition(refiner, {
    xl: { conditions: { aestheticScore: 9 }, negativeConditions: { aestheticScore: 1 } },
  });
  expect(values(asked.conditional, 'time_ids').at(-1)).toBe(9);
  expect(values(asked.unconditional, 'time_ids').at(-1)).toBe(1);
});
