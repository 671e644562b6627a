import { cp, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, onTestFinished, test } from 'vitest';
import { prepareChatTexts } from '../../prompt/chat-texts.js';
import { joinSymbols } from '../byte-pairs.js';
import { openByteLevelTokenizer } from './open-byte-level-tokenizer.js';

const tiny = fileURLToPath(
  new URL('../../../../../test/golden/d_pipelines/zimage_pipeline/tokenizer', import.meta.url),
);

async function copyOf(...names: readonly string[]): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'easel-byte-level-'));
  onTestFinished(() => rm(folder, { recursive: true }));
  for (const name of names) await cp(join(tiny, name), join(folder, name));
  return folder;
}

const texts = ['a photo of a cat', '<|im_start|>user\ncafe\u0301 2024 <think>', "It's\r\n\n  I'LL", '一只猫'];

test('a folder without tokenizer.json gives the same ids', async () => {
  const whole = await openByteLevelTokenizer({ folder: tiny });
  const parts = await openByteLevelTokenizer({
    folder: await copyOf('vocab.json', 'merges.txt', 'tokenizer_config.json'),
  });
  for (const text of texts) expect(parts.encode(text)).toEqual(whole.encode(text));
  const old = await copyOf('vocab.json', 'merges.txt');
  await writeFile(join(old, 'added_tokens.json'), JSON.stringify({ '<think>': 7, '<|im_start|>': 9 }));
  const added = await openByteLevelTokenizer({ folder: old });
  expect(added.encode('<|im_start|><think>')).toEqual([9, 7]);
});

test('damaged vocabularies are refused by name', async () => {
  const folder = await copyOf('vocab.json', 'tokenizer_config.json');
  await writeFile(join(folder, 'merges.txt'), 'a b c\n');
  await expect(openByteLevelTokenizer({ folder })).rejects.toThrow(/"a b c" is joined to no token/);
  await writeFile(join(folder, 'vocab.json'), '{"a": 1}');
  await expect(openByteLevelTokenizer({ folder })).rejects.toThrow(/it has no token for some bytes/);
  await writeFile(join(folder, 'tokenizer.json'), '{"model": {}}');
  await expect(openByteLevelTokenizer({ folder })).rejects.toThrow(/tokenizer\.json is not of a tokenizer/);
});

test('a text of one long word takes no minute', async () => {
  const tokenizer = await openByteLevelTokenizer({ builtIn: 'qwen' });
  const ids = tokenizer.encode('一只猫坐在窗台上看着外面的雨'.repeat(700));
  expect(ids.length).toBeGreaterThan(700);
  expect(ids.length).toBeLessThan(9800);
});

test('pairs are joined in the order of their ranks, each wherever it is', () => {
  const ranks = new Map(
    [
      ['a a', 0],
      ['aa b', 1],
      ['b c', 2],
    ].map(([pair, rank]) => [pair as string, rank as number]),
  );
  expect(joinSymbols([...'aaabcaab'], ranks)).toEqual(['aa', 'a', 'bc', 'aab']);
  expect(joinSymbols([], ranks)).toEqual([]);
});

test('what is lost of a long message, and weights in it, are told', async () => {
  const tokenizer = await openByteLevelTokenizer({ folder: tiny });
  const prepare = (text: string, tokens: number) =>
    prepareChatTexts({ tokenizer }, [text], { tokens, promptStyle: 'weighted', title: 'Z-Image' });
  expect(prepare('a photo of a cat', 512).warnings).toEqual([]);
  expect(prepare('a photo of a cat', 512).ids[0]).toHaveLength(13);
  // The end of the template goes first, which is no loss of the prompt's.
  expect(prepare('a photo of a cat', 8).warnings).toEqual([]);
  expect(prepare('a photo of a cat', 6).warnings).toEqual([expect.stringContaining('The last 2 tokens')]);
  expect(prepare('a (red:1.4) cat', 512).warnings).toEqual([
    'Weights in a prompt had no effect: Z-Image reads brackets and numbers as text.',
  ]);
});
