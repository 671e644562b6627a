import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeEach, describe, expect, test } from 'vitest';
import { chooseExecution } from './execution-choice.js';
import { type ExecutionProvider, executionProviderSchema } from './execution-providers.js';
import type { SelfTestVerdict } from './self-test.js';

const folders: string[] = [];
let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'easel-choice-'));
  folders.push(folder);
});
afterAll(() => Promise.all(folders.map((each) => rm(each, { recursive: true }))));

const fine: SelfTestVerdict = { usable: true, decompose: [], precision: 'float16', speedup: 20, error: 1e-6 };
const absent: SelfTestVerdict = { usable: false, opened: false, reason: 'there is no adapter' };
const wrong: SelfTestVerdict = { usable: false, opened: true, reason: 'its convolution is wrong by 0.5' };

/** A machine whose devices give these verdicts; counts the tests. */
function machine(verdicts: Partial<Record<ExecutionProvider, SelfTestVerdict>>) {
  const tested: ExecutionProvider[] = [];
  const test = async (provider: ExecutionProvider) => {
    tested.push(provider);
    return verdicts[provider] ?? absent;
  };
  return {
    tested,
    place: { folder, environment: { VK_DRIVER_FILES: 'a-driver.json' } as NodeJS.ProcessEnv, test },
  };
}

describe('chooseExecution', () => {
  test('takes the first that passes, in the order of the setting', async () => {
    const { place, tested } = machine({ webgpu: fine, coreml: fine });
    const chosen = await chooseExecution(['cuda', 'coreml', 'webgpu'], place);
    expect(chosen).toMatchObject({
      provider: 'coreml',
      warnings: ['cuda cannot be used: there is no adapter'],
    });
    expect(tested).toEqual(['cuda', 'coreml']);
  });

  test('does not test what comes after the processor', async () => {
    const { place, tested } = machine({ webgpu: fine });
    expect(await chooseExecution(['cpu', 'webgpu'], place)).toMatchObject({ provider: 'cpu', warnings: [] });
    expect(tested).toEqual([]);
  });

  test('falls back to the processor, and says why', async () => {
    const { place } = machine({ webgpu: wrong });
    expect(await chooseExecution(['webgpu'], place)).toMatchObject({
      provider: 'cpu',
      warnings: [
        'webgpu cannot be used: its convolution is wrong by 0.5',
        'pictures are computed on the processor',
      ],
    });
  });

  test('automatic: only what is faster than the processor, and not a word of what is not there', async () => {
    const slow = machine({ webgpu: { ...fine, speedup: 0.4 } });
    expect(await chooseExecution('auto', slow.place)).toMatchObject({ provider: 'cpu', warnings: [] });
    const none = { ...machine({}).place, folder: undefined };
    expect(await chooseExecution('auto', none)).toMatchObject({ provider: 'cpu', warnings: [] });
    const fast = { ...machine({ webgpu: { ...fine, decompose: ['Gelu'] } }).place, folder: undefined };
    expect(await chooseExecution('auto', fast)).toMatchObject({
      provider: 'webgpu',
      decompose: new Set(['Gelu']),
    });
  });

  test('a device is tested once; one that could not be opened, each time', async () => {
    const { place, tested } = machine({ webgpu: fine });
    const first = await chooseExecution(['cuda', 'webgpu'], place);
    const second = await chooseExecution(['cuda', 'webgpu'], place);
    expect(second).toEqual(first);
    expect(tested).toEqual(['cuda', 'webgpu', 'cuda']);
  });

  test('another driver is another device', async () => {
    const { place, tested } = machine({ webgpu: fine });
    await chooseExecution(['webgpu'], place);
    await chooseExecution(['webgpu'], { ...place, environment: { VK_DRIVER_FILES: '/other.json' } });
    expect(tested).toEqual(['webgpu', 'webgpu']);
  });

  test('a device whose test ended the process is not tried again', async () => {
    const { place, tested } = machine({ webgpu: fine });
    await chooseExecution(['webgpu'], place);
    const [file] = await readdir(folder);
    await rm(join(folder, file!));
    // No process has this number: Linux ends at 4,194,304.
    await writeFile(join(folder, file!.replace(/json$/, 'running')), '999999999');
    const chosen = await chooseExecution(['webgpu'], place);
    expect(chosen.provider).toBe('cpu');
    expect(chosen.warnings[0]).toMatch(/its test ended the whole process/);
    expect(tested).toEqual(['webgpu']);
  });

  test('a damaged result is no result', async () => {
    const { place, tested } = machine({ webgpu: fine });
    await chooseExecution(['webgpu'], place);
    const [file] = await readdir(folder);
    await writeFile(join(folder, file!), '{"usable":true,"decompose":["Everything"]}');
    expect(await chooseExecution(['webgpu'], place)).toMatchObject({ provider: 'webgpu' });
    expect(tested).toEqual(['webgpu', 'webgpu']);
  });
});

test('the configuration is auto or a list of known names', () => {
  expect(executionProviderSchema.parse(undefined)).toBe('auto');
  expect(executionProviderSchema.parse(['webgpu', 'cpu'])).toEqual(['webgpu', 'cpu']);
  expect(executionProviderSchema.safeParse([]).success).toBe(false);
  expect(executionProviderSchema.safeParse(['vulkan']).success).toBe(false);
});
