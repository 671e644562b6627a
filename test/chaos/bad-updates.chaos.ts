import { expect, it } from 'vitest';
import { longestMs, startLoad, tally } from './fixtures/load.js';
import { childrenOf } from './fixtures/processes.js';
import { createWorld, paintingCode } from './fixtures/world.js';

const callEveryMs = 20;

it.each([
  {
    what: 'broken',
    update: { code: 'throw new Error("half an edit");' },
    code: 'ERR_PLUGIN_START_FAILED',
    message: /version 2\.0\.0 .* was not taken: .*half an edit/,
  },
  {
    what: 'hanging',
    update: {
      code: 'setInterval(() => {}, 1000); await new Promise(() => {});',
      manifest: { runtime: { startMs: 1_500 } },
    },
    code: 'ERR_PLUGIN_START_FAILED',
    message: /version 2\.0\.0 .* was not taken: .*did not start within 1500 ms/,
  },
  {
    what: 'looping',
    update: { code: 'for (;;);', manifest: { runtime: { startMs: 1_500 } } },
    code: 'ERR_PLUGIN_START_FAILED',
    message: /version 2\.0\.0 .* was not taken: .*did not start within 1500 ms/,
  },
  {
    what: 'wrong-sdk',
    update: { manifest: { sdk: '^9.0.0' } },
    code: 'ERR_API_INCOMPATIBLE',
    message: /\^9\.0\.0.*0\.1\.0/,
  },
])(
  'a $what update is refused, and the old version serves every call',
  async ({ what, update, code, message }) => {
    const before = childrenOf(process.pid);
    const { manager, install, serves, paint, health } = await createWorld(['painter']);
    await install('painter', '1.0.0');
    await serves('painter', '1.0.0');
    await paint('painter', 'the first one starts it');
    const pid = health('painter')?.pid;

    const load = startLoad(callEveryMs, (order) =>
      paint('painter', `call ${order}`, { delayMs: order % 60 }),
    );
    await install('painter', '2.0.0', update);
    await expect
      .poll(() => manager.getServiceHealth().problems)
      .toEqual([{ code, message: expect.stringMatching(message) }]);
    expect(manager.getServiceHealth().status).toBe('degraded');
    expect(childrenOf(process.pid)).toEqual([...before, pid]);

    await install('painter', '3.0.0');
    await serves('painter', '3.0.0');
    await expect.poll(() => manager.getServiceHealth().problems).toEqual([]);
    const outcomes = await load.stop();
    console.log(
      `a ${what} update: ${JSON.stringify(tally(outcomes))}, the longest ${longestMs(outcomes)} ms`,
    );
    expect(outcomes.filter(({ isLost }) => isLost)).toEqual([]);
    expect(new Set(outcomes.map(({ answer }) => answer))).not.toContain('2.0.0');
  },
);

it('a version that crashes after five seconds is taken back, and no call is lost', async () => {
  const { manager, install, serves, paint } = await createWorld(['painter']);
  await install('painter', '1.0.0');
  await serves('painter', '1.0.0');
  await paint('painter', 'the first one starts it');

  const load = startLoad(callEveryMs, (order) => paint('painter', `call ${order}`, { delayMs: order % 60 }));
  await install('painter', '2.0.0', { code: `setTimeout(() => process.exit(1), 5000);\n${paintingCode}` });
  await serves('painter', '2.0.0');
  await serves('painter', '1.0.0');
  await expect
    .poll(() => manager.getServiceHealth().problems)
    .toEqual([
      {
        code: 'ERR_PLUGIN_CRASHED',
        message: expect.stringMatching(/version 2\.0\.0 .* was not taken: .*exited with status 1/),
      },
    ]);
  await paint('painter', 'served by the version that is back');
  // Another look at the same disk does not try it again.
  await install('other', '1.0.0');
  await serves('other', '1.0.0');
  await serves('painter', '1.0.0');

  const outcomes = await load.stop();
  console.log(`taken back: ${JSON.stringify(tally(outcomes))}, the longest ${longestMs(outcomes)} ms`);
  expect(Object.keys(tally(outcomes)).sort()).toEqual(['1.0.0', '2.0.0']);
  expect(outcomes.at(-1)).toMatchObject({ answer: '1.0.0' });
  // Those that the crash has cut off were sent among the last ones that the new version has answered.
  expect(outcomes.map(({ answer }) => answer).join(' ')).toMatch(
    /^(1\.0\.0 )+(2\.0\.0 )+([12]\.0\.0 ){0,20}1\.0\.0( 1\.0\.0)*$/,
  );
});
