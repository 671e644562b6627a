import type { Progress } from '@easel/plugin-sdk';
import { expect, it } from 'vitest';
import { ProgressThrottle } from '../../core/src/kernel/runner/progress-throttle.js';

const at = (fraction: number): Progress => ({ stage: 'generate', fraction });
const look = (index: number, fraction: number): Progress => ({
  ...at(fraction),
  preview: { index, bytes: new Uint8Array([index]), mediaType: 'image/jpeg', width: 1, height: 1 },
});

it('keeps a look at each image that newer reports overtake, and the newest words', () => {
  const sent: Progress[] = [];
  const throttle = new ProgressThrottle(
    (progress) => sent.push(progress),
    () => true,
  );
  for (const progress of [look(0, 0.1), look(1, 0.2), look(0, 0.3), at(0.4)]) throttle.report(progress);
  expect(sent).toEqual([]);
  throttle.end();
  expect(sent).toEqual([look(0, 0.4), look(1, 0.4)]);
  throttle.report(at(0.5));
  expect(sent).toHaveLength(2);
});

it('sends a hundred reports in a row as a few, and the last of them', async () => {
  const sent: Progress[] = [];
  const throttle = new ProgressThrottle(
    (progress) => sent.push(progress),
    () => false,
  );
  for (let step = 1; step <= 100; step++) throttle.report(at(step / 100));
  await expect.poll(() => sent.at(-1)).toEqual(at(1));
  expect(sent.length).toBeLessThan(20);
  throttle.end();
  expect(sent.filter(({ fraction }) => fraction === 1)).toHaveLength(1);
});
