import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { gainsByInt8, measureInt8Gain, worthwhileGain } from './int8-gain.js';
import { sumsInt8Exactly } from './int8-saturation.js';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'easel-test-gain-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

test('what is measured first is the answer from then on, whoever asks', async () => {
  expect(await gainsByInt8({ folder, measure: async () => worthwhileGain })).toBe(true);
  expect(await gainsByInt8({ folder, measure: async () => 0.1 })).toBe(true);
  expect(await readdir(folder)).toHaveLength(1);
});

test('of two that measure at once, one decides for both', async () => {
  let measuring = 0;
  let release = () => {};
  const both = new Promise<void>((resolve) => {
    release = resolve;
  });
  const measure = (gain: number) => async () => {
    measuring += 1;
    if (measuring === 2) release();
    await both;
    return gain;
  };
  const [one, other] = await Promise.all([
    gainsByInt8({ folder, measure: measure(0.1) }),
    gainsByInt8({ folder, measure: measure(9) }),
  ]);
  expect(one).toBe(other);
});

test('where nothing can be kept, the answer is no, so that it is the same the next time', async () => {
  const file = join(folder, 'file');
  await writeFile(file, '');
  const measure = async () => 9;
  expect(await gainsByInt8({ folder: file, measure })).toBe(false);
  expect(await gainsByInt8({ folder: undefined, measure })).toBe(false);
});

test('this processor is measured', async () => {
  const gain = await measureInt8Gain();
  if (await sumsInt8Exactly()) expect(gain).toBeGreaterThan(0.05);
  else expect(gain).toBe(0);
});
