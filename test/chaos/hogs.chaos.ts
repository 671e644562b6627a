import { setTimeout as pause } from 'node:timers/promises';
import type { Logger } from '@easel/plugin-sdk';
import { expect, it } from 'vitest';
import { isRunning } from '../fixtures/is-running.js';
import { longestMs, startLoad } from './fixtures/load.js';
import { heldMb } from './fixtures/memory.js';
import { createWorld, moduleOf, type World } from './fixtures/world.js';

const code = `export { default } from ${moduleOf('hog.js')};\n`;
const runtime = { stallMs: 1_500, heapMb: 64, memoryMb: 300, logLinesPerSecond: 100, drainMs: 1_000 };
/** A neighbour that has to wait longer than this for a picture of no work at all fails its call. */
const neighbour = { everyMs: 20, timeoutMs: 5_000 };

const ask = ({ manager }: World, behaviour: string, { timeoutMs = 30_000, signal }: Limits = {}) =>
  manager.generateImage(
    { model: 'hog', prompt: behaviour, timeoutMs, providerOptions: { hog: { behaviour } } },
    { signal },
  );

interface Limits {
  readonly timeoutMs?: number;
  readonly signal?: AbortSignal;
}

/** A world in which a hog and a painter run. */
async function createFarm(logger?: Logger): Promise<World> {
  const world = await createWorld(['hog', 'painter'], { logger });
  await world.install('hog', '1.0.0', { code, manifest: { runtime } });
  await world.install('painter', '1.0.0');
  await world.serves('hog', '1.0.0');
  await world.serves('painter', '1.0.0');
  await ask(world, 'none');
  await world.paint('painter', 'the first one starts it');
  return world;
}

/** Does something while the neighbour is being called, and makes sure that none of its calls was lost. */
async function besideNeighbour<T>({ paint }: World, what: string, act: () => Promise<T>): Promise<T> {
  const load = startLoad(neighbour.everyMs, (order) => paint('painter', `${what} ${order}`, neighbour));
  const from = performance.now();
  const result = await act();
  // What the hog has left behind may hurt later than itself.
  await pause(500);
  const seconds = (performance.now() - from) / 1_000;
  const outcomes = await load.stop();
  console.log(
    `${what}: ${seconds.toFixed(1)} s, ${outcomes.length} calls beside it, the longest ${longestMs(outcomes)} ms`,
  );
  expect(outcomes.filter(({ isLost }) => isLost)).toEqual([]);
  expect(outcomes.length).toBeGreaterThan((0.8 * seconds * 1_000) / neighbour.everyMs - 5);
  return result;
}

it.each([
  ['loop', 'ERR_PLUGIN_STALLED', /did not acknowledge "ping" within 1500 ms/],
  ['heap', 'ERR_PLUGIN_CRASHED', /was ended by SIGABRT/],
  ['buffers', 'ERR_PLUGIN_CRASHED', /used \d+ MiB of memory, and its memoryMb is 300/],
  ['unfinished-frame', 'ERR_PLUGIN_STALLED', /did not acknowledge "ping"/],
])(
  '%s: the hog is ended and started again, its neighbour notices nothing',
  async (behaviour, errorCode, message) => {
    const world = await createFarm();
    const pid = world.health('hog')?.pid as number;
    const before = await heldMb();
    await besideNeighbour(world, behaviour, async () => {
      await expect(ask(world, behaviour)).rejects.toMatchObject({
        code: errorCode,
        plugin: 'hog',
        message: expect.stringMatching(message),
      });
      expect((await ask(world, 'none')).images).toHaveLength(1);
    });
    expect(isRunning(pid)).toBe(false);
    // What it had sent is not kept.
    expect((await heldMb()) - before).toBeLessThan(10);
  },
);

it('a message of a gigabyte fails its call alone: the hog lives, and nothing of it has reached the kernel', async () => {
  const world = await createFarm();
  const pid = world.health('hog')?.pid;
  const before = await heldMb();
  await besideNeighbour(world, 'gigabyte', async () => {
    await expect(ask(world, 'gigabyte')).rejects.toMatchObject({
      code: 'ERR_PLUGIN_PROTOCOL',
      message: expect.stringContaining('1073741824 bytes is larger than 536870912'),
    });
    expect((await ask(world, 'none')).images).toHaveLength(1);
  });
  expect(world.health('hog')).toMatchObject({ pid, state: 'ready' });
  expect((await heldMb()) - before).toBeLessThan(10);
});

it('a flood of lines is served, and the log takes its share of them', async () => {
  const lines: string[] = [];
  const collect = (line: string) => void lines.push(line);
  const world = await createFarm({ debug: collect, info: collect, warn: collect, error: collect });
  const before = lines.length;
  const seconds = await besideNeighbour(world, 'flood', async () => {
    const from = performance.now();
    expect((await ask(world, 'flood')).images).toHaveLength(1);
    return (performance.now() - from) / 1_000;
  });
  // Each second has its limit, the line that says how many were dropped, and the newest.
  expect(lines.length - before).toBeLessThan((seconds + 2) * (runtime.logLinesPerSecond + 2));
  expect(lines.some((line) => /^\d+ lines of the log were dropped/.test(line))).toBe(true);
});

it.each([
  ['disabled', (world: World) => world.manager.disablePlugin('hog')],
  ['removed', (world: World) => world.remove('hog').then(() => world.serves('hog', undefined))],
  ['replaced', (world: World) => world.install('hog', '2.0.0', { manifest: { runtime } })],
])('one that never answers `stop` is ended when it is %s', async (what, act) => {
  const world = await createFarm();
  const pid = world.health('hog')?.pid as number;
  await besideNeighbour(world, `${what} without an answer`, async () => {
    await act(world);
    await expect.poll(() => isRunning(pid)).toBe(false);
  });
});

it.each([
  ['cancelled', 'ERR_ABORTED', () => ({ signal: AbortSignal.timeout(300) })],
  ['late', 'ERR_DEADLINE', () => ({ timeoutMs: 300 })],
])(
  'a call beside one that is %s and does not stop fails with the crash, not as if it were that one',
  async (_, code, limits) => {
    const world = await createFarm();
    const bystander = ask(world, 'patient').catch((error: unknown) => error);
    await expect(ask(world, 'deaf', limits())).rejects.toMatchObject({ code });
    expect(await bystander).toMatchObject({ code: 'ERR_PLUGIN_CRASHED', plugin: 'hog' });
    expect((await ask(world, 'none')).images).toHaveLength(1);
  },
);
