import { expect, it } from 'vitest';
import { longestMs, startLoad, tally } from './fixtures/load.js';
import { createWorld } from './fixtures/world.js';

/** 50 calls a second. */
const callEveryMs = 20;
/** Calls that the plugin works on at once. The others wait, however long a start takes on a busy machine. */
const runtime = { concurrency: 4, queue: 1_000 };

/** A plugin of whose calls every one fails, as of one whose provider has changed. */
const failing = `
import { definePlugin } from '@easel/plugin-sdk';
import { z } from 'zod';
export default definePlugin({
  config: z.looseObject({}),
  options: z.looseObject({}),
  start: async () => ({
    generate: async () => {
      throw new TypeError('nothing is as it was');
    },
  }),
});
`;

it('loses no call to a version that fails every call', async () => {
  const { install, serves, paint, manager } = await createWorld(['painter']);
  await install('painter', '1.0.0', { manifest: { runtime } });
  await serves('painter', '1.0.0');
  await paint('painter', 'the first one starts it');
  const load = startLoad(callEveryMs, (order) => paint('painter', `call ${order}`, { delayMs: 10 }));
  const rolledBack = new Promise<void>((resolve) => {
    manager.on('plugin-rolled-back', () => resolve());
  });
  await install('painter', '2.0.0', { code: failing, manifest: { runtime } });
  await rolledBack;
  await serves('painter', '1.0.0');
  const outcomes = await load.stop();
  const lost = outcomes.filter(({ isLost }) => isLost).length;
  console.log(
    `a bad version: ${JSON.stringify(tally(outcomes))}, lost ${lost}, longest ${longestMs(outcomes)} ms`,
  );
  expect(lost).toBe(0);
});

it('loses to a kill -9 of the only plugin the calls alone that were in its hands', async () => {
  const { install, serves, paint, health } = await createWorld(['painter']);
  await install('painter', '1.0.0', { manifest: { runtime } });
  await serves('painter', '1.0.0');
  await paint('painter', 'the first one starts it');
  const load = startLoad(callEveryMs, (order) => paint('painter', `call ${order}`, { delayMs: 10 }));
  const { pid = 0 } = health('painter') ?? {};
  await expect.poll(() => load.sent).toBeGreaterThan(50);
  process.kill(pid, 'SIGKILL');
  await expect.poll(() => health('painter')?.pid !== pid && health('painter')?.state).toBe('ready');
  const sent = load.sent;
  await expect.poll(() => load.sent).toBeGreaterThan(sent + 50);
  const outcomes = await load.stop();
  const lost = outcomes.filter(({ isLost }) => isLost).length;
  console.log(`kill -9: ${JSON.stringify(tally(outcomes))}, lost ${lost}, longest ${longestMs(outcomes)} ms`);
  const { ERR_PLUGIN_CRASHED: crashed = 0 } = tally(outcomes);
  expect(lost).toBe(crashed);
  expect(lost).toBeLessThanOrEqual(runtime.concurrency);
});
