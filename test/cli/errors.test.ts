import { readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { easel, workingFolder } from './easel.js';

const stackFrame = /^\s+at .+:\d+:\d+/m;

describe('an error of easel generate', () => {
  it.each<[string, string[], number, RegExp]>([
    ['unknown model', ['x', '--model', 'stedy-one'], 1, /error ERR_MODEL_UNKNOWN: .*there are: steady-one,/],
    ['size 0', ['x', '--size', '0'], 2, /--size 0: must be a whole number from 8 to 16384/],
    ['size 100000', ['x', '--size', '100000'], 2, /--size 100000: must be/],
    ['a size that is none', ['x', '--size', '64x'], 2, /--size 64x: must be WIDTHxHEIGHT/],
    [
      'a size out of the range of the model',
      ['x', '--size', '2048'],
      1,
      /ERR_REQUEST_INVALID: width: 2048 is larger than 1024/,
    ],
    ['steps -1', ['x', '--steps', '-1'], 2, /--steps -1: must be a whole number from 1 to 1000/],
    ['steps in words', ['x', '--steps', 'ten'], 2, /--steps ten/],
    ['half a step', ['x', '--steps', '1.5'], 2, /--steps 1\.5/],
    ['guidance', ['x', '--guidance', '1e9'], 2, /--guidance 1e9: must be a number from 0 to 100/],
    [
      'seed',
      ['x', '--seed', '4294967296'],
      2,
      /--seed 4294967296: must be a whole number from 0 to 4294967295/,
    ],
    ['33 pictures', ['x', '-n', '33'], 2, /-n 33: must be a whole number from 1 to 32/],
    ['more pictures than the model makes', ['x', '-n', '5'], 1, /n: 5 is more than 4/],
    ['timeout 0', ['x', '--timeout', '0'], 2, /--timeout 0: must be a number of seconds/],
    [
      'a time that is too short',
      ['x', '--timeout', '0.2', '--option', 'steady.delayMs=5000'],
      1,
      /ERR_DEADLINE/,
    ],
    ['fast where there is no such thing', ['x', '--fast'], 2, /--fast: "steady-one" is computed in one way/],
    ['an empty model', ['x', '--model', ''], 2, /--model: is empty/],
    ['format', ['x', '--format', 'gif'], 2, /--format gif: must be one of png, jpeg, webp/],
    [
      'format against name',
      ['x', '--format', 'png', '--out', 'a.webp'],
      2,
      /--format png and --out a\.webp contradict/,
    ],
    ['an ending that is not a format', ['x', '--out', 'a.bmp'], 1, /out: a\.bmp ends in "\.bmp"/],
    ['quiet and verbose', ['x', '--quiet', '--verbose'], 2, /--quiet and --verbose contradict/],
    [
      'option without a plugin',
      ['x', '--option', 'delayMs=1'],
      2,
      /--option delayMs=1: must be <plugin>\.<key>=<json>/,
    ],
    ['option that is not JSON', ['x', '--option', 'steady.delayMs=soon'], 2, /not JSON/],
    ['option for nobody', ['x', '--option', 'stedy.delayMs=1'], 2, /--option stedy: there is no such plugin/],
    [
      'option that the plugin refuses',
      ['x', '--option', 'steady.delayMs=-1'],
      1,
      /providerOptions\.steady: delayMs/,
    ],
    ['unknown flag', ['x', '--stpes', '3'], 2, /unknown option '--stpes'\n\(Did you mean --steps\?\)/],
    ['flag without a value', ['x', '--steps'], 2, /'--steps <count>' argument missing/],
    ['words without quotes', ['a', 'red', 'house'], 2, /too many arguments[\s\S]*quotes around the prompt/],
    ['no prompt', [], 2, /no prompt, and stdin is empty/],
    ['an empty prompt', [' '], 2, /prompt is empty/],
    ['a prompt of 100 kB', ['x'.repeat(100_000)], 1, /ERR_REQUEST_INVALID: prompt: /],
    ['no such picture', ['--like', 'none.png'], 1, /--like: none\.png cannot be read \(ENOENT\)/],
    ['a picture that is none', ['--like', 'notes.txt'], 1, /notes\.txt: The PNG file does not begin as one/],
    [
      'no such configuration',
      ['x', '--config', 'none.json'],
      1,
      /ERR_CONFIG_INVALID: .*none\.json: cannot be read/,
    ],
    [
      'a plugin that fails',
      ['x', '--model', 'chaos-one', '--option', 'chaos.behaviour="throw"'],
      1,
      /error ERR_PLUGIN_FAILED: .*nothing is as it should be/,
    ],
    [
      'a refusal',
      ['x', '--model', 'chaos-one', '--option', 'chaos.behaviour="refuse"'],
      1,
      /error ERR_CONTENT_REFUSED: not this one\n {2}what to do: Word the prompt differently/,
    ],
  ])('%s: says what and what to do, without a stack', async (_, words, status, message) => {
    const folder = workingFolder();
    writeFileSync(join(folder, 'notes.txt'), 'not a picture');
    const ended = await easel(folder, ['generate', ...words]);
    expect(ended).toMatchObject({ status, stdout: '' });
    expect(ended.stderr).toMatch(message);
    expect(ended.stderr).toMatch(/^ {2}what to do: ./m);
    if (!words.includes('--verbose')) expect(ended.stderr).not.toMatch(stackFrame);
    expect(readdirSync(folder).sort()).toEqual(['easel.config.json', 'notes.txt']);
  });

  it('is an object on stdout with --json', async () => {
    const folder = workingFolder();
    const unknown = await easel(folder, ['generate', 'x', '--model', 'none', '--json']);
    expect(unknown.status).toBe(1);
    expect(JSON.parse(unknown.stdout)).toEqual({
      error: {
        code: 'ERR_MODEL_UNKNOWN',
        message: expect.stringContaining('There is no model "none"'),
        hint: expect.stringContaining('easel models'),
      },
    });
    const usage = await easel(folder, ['generate', 'x', '--json', '--steps', '0']);
    expect(usage.status).toBe(2);
    expect(JSON.parse(usage.stdout)).toMatchObject({ error: { code: 'ERR_USAGE' } });
  });

  it('has a stack and its cause with --verbose', async () => {
    const { stderr } = await easel(workingFolder(), ['generate', 'x', '--config', 'none', '--verbose']);
    expect(stderr).toMatch(stackFrame);
    expect(stderr).toContain('[cause]');
  });

  it('cannot write into the terminal', async () => {
    const words = ['generate', 'x', '--model', '\u001b[2Jnone'];
    expect((await easel(workingFolder(), words)).stderr).toContain('"\u{fffd}[2Jnone"');
  });
});
