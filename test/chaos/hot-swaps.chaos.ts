import { expect, it } from 'vitest';
import { longestMs, startLoad, tally } from './fixtures/load.js';
import { childrenOf } from './fixtures/processes.js';
import { createWorld } from './fixtures/world.js';

const swaps = 100;
const callsPerSecond = 100;
const runtime = { concurrency: 16, queue: 1_000 };

it(`${swaps} hot swaps under ${callsPerSecond} calls a second lose none`, async () => {
  const before = childrenOf(process.pid);
  const { manager, install, serves, paint, generations } = await createWorld(['painter']);
  const begin = async (version: string) => {
    await install('painter', version, { manifest: { runtime } });
    await serves('painter', version);
  };
  await begin('0.0.0');
  await paint('painter', 'the first one starts it');

  const from = performance.now();
  // Some calls are on their way for longer than the swap takes.
  const load = startLoad(1_000 / callsPerSecond, (order) =>
    paint('painter', `call ${order}`, { delayMs: order % 50 === 0 ? 1_000 : order % 7 }),
  );
  for (let version = 1; version <= swaps; version++) await begin(`${version}.0.0`);
  const seconds = (performance.now() - from) / 1_000;
  const outcomes = await load.stop();

  console.log(
    `${swaps} swaps in ${seconds.toFixed(1)} s: ${outcomes.length} calls, the longest ${longestMs(outcomes)} ms`,
  );
  expect(outcomes.filter(({ isLost }) => isLost)).toEqual([]);
  expect(outcomes.length).toBeGreaterThan(0.95 * seconds * callsPerSecond);
  const versions = outcomes.map(({ answer }) => Number.parseInt(answer, 10));
  expect(versions).toEqual([...versions].sort((one, other) => one - other));
  expect(Object.keys(tally(outcomes)).length).toBeGreaterThan(0.9 * swaps);

  // The versions before have drained and gone, on disk as well: what is left is what runs and the way back.
  await expect.poll(() => childrenOf(process.pid).length).toBe(before.length + 1);
  await expect.poll(async () => (await generations()).length).toBeLessThanOrEqual(3);
  await manager.close();
  expect(childrenOf(process.pid)).toEqual(before);
  expect(await generations()).toEqual([]);
});
