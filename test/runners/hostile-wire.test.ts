/**
 * A plugin that writes to the wire itself: what it sends is bounded before it is read, and the kernel has
 * time for everything else.
 *
 * @module
 */
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { describe, expect, it } from 'vitest';
import { ask, type Kind, startRunner } from './kinds.js';

/**
 * Milliseconds that the kernel may be busy at a stretch; garbage collection and the machine's other work are
 * in them.
 */
const stretchMs = 1_000;

async function send(kind: Kind, deed: string) {
  const { runner } = await startRunner(kind, { entry: 'hostile.js', stallMs: 60_000 });
  const delay = monitorEventLoopDelay({ resolution: 5 });
  delay.enable();
  const outcome = await ask(runner, deed).catch((error: unknown) => error);
  // What comes after it on the wire has waited for all of it.
  await ask(runner, 'nothing').catch(() => {});
  delay.disable();
  return { runner, outcome, longestMs: delay.max / 1e6 };
}

const ended = [
  ['sixty megabytes', /bytes of JSON/],
  ['a million elements', /more than 5000 values/],
  ['a deep array', /more than 32 levels/],
  ['deep options', /more than 32 levels/],
  ['empty frames', /not of the protocol/],
] as const;

describe.each(['process', 'thread'] as const)('a plugin in a %s that sends', (kind) => {
  it.each(ended)('%s is ended', async (deed, message) => {
    const { runner, outcome, longestMs } = await send(kind, deed);
    expect(outcome).toMatchObject({ code: 'ERR_PLUGIN_PROTOCOL', message: expect.stringMatching(message) });
    expect(await runner.ended).toMatchObject({ code: 'ERR_PLUGIN_PROTOCOL' });
    // A thread shares the kernel's memory, and what it posts is copied before the kernel sees it.
    if (kind === 'process') expect(longestMs).toBeLessThan(stretchMs);
  });
});

describe('a plugin in a process that sends', () => {
  it.each([
    'a long text of backslashes',
    'as many values as it may, again and again',
    'log lines with as many values as they may have',
    'many log lines',
    'much progress',
  ])('%s leaves the kernel its time', async (deed) => {
    const { longestMs } = await send('process', deed);
    console.log(`${deed}: busy for ${longestMs.toFixed(0)} ms at a stretch`);
    expect(longestMs).toBeLessThan(stretchMs);
  });
});
