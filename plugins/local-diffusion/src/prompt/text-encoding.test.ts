import { describe, expect, it } from 'vitest';
import { builtInClipTokenizer } from '../tokenizers/clip-vocabulary.js';
import { embedTexts, type TextEncoder } from './text-encoding.js';

/** An encoder that answers zeros, and counts the rows that it was given. */
async function countingEncoder(): Promise<{ encoder: TextEncoder; rows: () => number }> {
  let rows = 0;
  const encoder: TextEncoder = {
    tokenizer: await builtInClipTokenizer('clip'),
    async encode(ids) {
      rows += ids.length;
      const shape = [ids.length, 77, 2];
      return { hidden: new Float32Array(ids.length * 77 * 2).fill(1), shape };
    },
  };
  return { encoder, rows: () => rows };
}

it.each([
  ['weighted', 2],
  ['interpolated', 2],
  ['plain', 0],
] as const)(
  '%s leaves %i layers out for the negative prompt where the prompt leaves out 2',
  async (promptStyle, skipped) => {
    const { encoder } = await countingEncoder();
    const skips: number[] = [];
    const watched: TextEncoder = {
      ...encoder,
      encode: (ids, clipSkip) => {
        skips.push(clipSkip);
        return encoder.encode(ids, clipSkip);
      },
    };
    await embedTexts([watched], [{ prompts: ['a'], negativePrompts: ['b'] }], { clipSkip: 2, promptStyle });
    expect(skips).toEqual([2, skipped]);
  },
);

describe('chunks of a prompt', () => {
  it.each([
    ['prompt', 'BREAK '.repeat(5_300), ''],
    ['negative prompt', '', 'BREAK '.repeat(5_300)],
    ['prompt without breaks', 'a b '.repeat(8_000), ''],
    ['prompt in brackets', `${'('.repeat(10_000)}${'a b '.repeat(5_000)}`, ''],
    ['prompt of signs', '!?'.repeat(16_000), ''],
  ])('a %s of too many is refused before anything is encoded', async (_, prompt, negative) => {
    const { encoder, rows } = await countingEncoder();
    const texts = [{ prompts: [prompt], negativePrompts: [negative] }];
    await expect(
      embedTexts([encoder], texts, { clipSkip: 0, promptStyle: 'weighted' }),
    ).rejects.toMatchObject({ code: 'ERR_REQUEST_INVALID', message: expect.stringMatching(/^prompt: /) });
    expect(rows()).toBe(0);
  });

  it('32 are read', async () => {
    const { encoder, rows } = await countingEncoder();
    const texts = [{ prompts: [Array(32).fill('a').join(' BREAK ')], negativePrompts: [''] }];
    await embedTexts([encoder], texts, { clipSkip: 0, promptStyle: 'weighted' });
    expect(rows()).toBe(64);
  });
});
