import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ConfigurationInput } from '@easel/core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { expandPrompt } from '../../core/src/prompts/expand-prompt.js';
import { Wildcards } from '../../core/src/prompts/wildcards.js';
import { createFixtureKernel } from '../fixtures/kernel.js';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'easel-wildcards-'));
  await mkdir(join(folder, 'colours'));
  await writeFile(join(folder, 'colours/warm.txt'), '\uFEFF# warm ones\nred\r\n\n orange \n');
  await writeFile(join(folder, 'colours/cold.txt'), 'blue\n');
  await writeFile(join(folder, 'animal.txt'), 'a {small|large} cat\na __colours/cold__ dog\n');
  await writeFile(join(folder, 'self.txt'), 'x __self__\n');
  await writeFile(join(folder, 'empty.txt'), '# nothing\n');
});
afterAll(() => rm(folder, { recursive: true, force: true, maxRetries: 10 }));

/** All that a prompt becomes, whatever is drawn. */
async function outcomes(prompt: string): Promise<string[]> {
  const texts = new Set<string>();
  const wildcards = new Wildcards(folder);
  for (let seed = 0; seed < 200; seed++) {
    let draw = seed;
    const random = () => {
      draw = (draw * 7919 + 104_729) % 1_000_003;
      return (draw % 9973) / 9973;
    };
    const expanded = await expandPrompt(prompt, random, wildcards);
    texts.add(expanded?.text ?? prompt);
  }
  return [...texts].sort();
}

describe('a prompt with choices', () => {
  it.each([
    ['{summer|winter} is coming', ['summer is coming', 'winter is coming']],
    ['{0::a|b}', ['b']],
    ['{0.5::a|3::b}', ['a', 'b']],
    ['{a|{b|c}}', ['a', 'b', 'c']],
    ['{2$$a|b|c}', ['a, b', 'a, c', 'b, a', 'b, c', 'c, a', 'c, b']],
    ['{2$$ and $$a|b}', ['a and b', 'b and a']],
    ['{1-2$$-$$a|b}', ['a', 'a-b', 'b', 'b-a']],
    ['{-2$$a|b}', ['a', 'a, b', 'b', 'b, a']],
    ['{4$$a}', ['a']],
    ['a {|very} cat', ['a  cat', 'a very cat']],
    ['__colours/warm__', ['orange', 'red']],
    ['__colours/*__', ['blue', 'orange', 'red']],
    ['{2$$__colours/warm__}', ['orange, red', 'red, orange']],
    ['__animal__', ['a blue dog', 'a large cat', 'a small cat']],
    ['{[a|b]|c}', ['[a|b]', 'c']],
    ['<lora:{ink|paint}:0.8>', ['<lora:ink:0.8>', '<lora:paint:0.8>']],
  ])('becomes one of what it stands for: %s', async (prompt, expected) => {
    expect(await outcomes(prompt)).toEqual(expected);
  });

  it.each(['a cat', '{a cat}', 'a {b', 'a | b }', '[a|b]', '{"subject": "a|b"}', 'snake_case, a__b'])(
    'is left as it is where there is nothing to choose: %s',
    async (prompt) => {
      expect(await expandPrompt(prompt, () => 0, new Wildcards(folder))).toBeUndefined();
    },
  );

  it('takes escaped braces for text', async () => {
    expect(await outcomes('\\{a|b\\}')).toEqual(['{a|b}']);
  });

  it.each(['__none__', '__empty__', '__../secret__', '__a*b*c*d__'])(
    'keeps a wildcard that is not there, and says so: %s',
    async (prompt) => {
      const { text, warnings } = (await expandPrompt(prompt, () => 0, new Wildcards(folder)))!;
      expect(text).toBe(prompt);
      expect(warnings).toEqual([expect.stringMatching(/had no effect: no text file/)]);
    },
  );

  it.each([
    ['__self__', /more than 20 deep/],
    ['{9$$__animal__} '.repeat(501), /more than 500 wildcards/],
    [`{2$$${'a'.repeat(20_000)}|${'b'.repeat(20_000)}}`, /longer than 32000/],
  ])('is refused where it has no end', async (prompt, message) => {
    await expect(expandPrompt(prompt, () => 0.5, new Wildcards(folder))).rejects.toThrow(message);
  });

  it('reads 32,000 characters of any sign', async () => {
    for (const sign of ['{', '}', '{a|', '__', '__a', '{1$$', '[', '|'])
      await expandPrompt(sign.repeat(32_000 / sign.length), () => 0, undefined);
  });
});

describe('a call with choices in its prompts', () => {
  const kernel = (configuration: ConfigurationInput = {}) =>
    createFixtureKernel({ wildcardFolder: folder, ...configuration });
  const prompt = 'a {red|green|blue|white} house, __animal__';

  it('makes the same choice with the same seed, and says what was used', async () => {
    const manager = kernel();
    const made = [];
    for (const seed of [1, 1, 2, 3, 4, 5]) {
      const { provenance } = await manager.generateImage({ prompt, negativePrompt: '{a|a}', seed });
      expect(provenance.parameters.prompt).toMatch(/^a (red|green|blue|white) house, a (small|large|blue) /);
      expect(provenance.template).toEqual({ prompt, negativePrompt: '{a|a}' });
      made.push(provenance.parameters.prompt);
    }
    expect(made[0]).toBe(made[1]);
    expect(new Set(made).size).toBeGreaterThan(1);
  });

  it('is kept with a call that may be made again', async () => {
    const fixed = JSON.parse(JSON.stringify(await kernel().fixRequest({ prompt })));
    const later = createFixtureKernel();
    const { provenance } = await later.generateImage({ prompt }, { requestId: 'one', fixed });
    expect(provenance.parameters).toMatchObject({ prompt: fixed.prompts.prompt, seed: fixed.seed });
  });

  it.each<[string, ConfigurationInput, { expandPrompt?: boolean }]>([
    ['configuration', { dynamicPrompts: false }, {}],
    ['request', {}, { expandPrompt: false }],
  ])('is text where the %s says so', async (_, configuration, request) => {
    const { provenance } = await kernel(configuration).generateImage({ prompt, ...request });
    expect(provenance.parameters.prompt).toBe(prompt);
    expect(provenance.template).toBeUndefined();
  });

  it('says that there are no wildcards', async () => {
    const { warnings } = await createFixtureKernel().generateImage({ prompt: 'a __animal__' });
    expect(warnings).toEqual([
      {
        code: 'other',
        parameter: 'prompt',
        message: '"__animal__" had no effect: no folder of wildcards is configured (wildcardFolder).',
      },
    ]);
  });

  it('says what of Automatic1111’s syntax a plugin hands on as words', async () => {
    const { warnings } = await createFixtureKernel().generateImage({
      prompt: 'a (cat:1.3) AND a [dog:cow:0.5] [red|blue] <lora:ink:1> \\(x:2\\)',
      negativePrompt: '[a:3]',
    });
    const told = warnings.flatMap(({ message }) => /had no effect as (.*?):/.exec(message)?.[1] ?? []);
    expect(told).toEqual([
      'a weight',
      'prompt editing',
      'alternating words',
      'a network',
      'composition',
      'prompt editing',
    ]);
  });
});
