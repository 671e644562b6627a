import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { seeded } from '../fixtures/seeded.js';
import { longestMs, outcomeOf, startLoad, tally } from './fixtures/load.js';
import { childrenOf } from './fixtures/processes.js';
import { scribble, tidy, writeWhole } from './fixtures/scribbler.js';
import { createWorld } from './fixtures/world.js';

const scribbled = ['one', 'two', 'three', 'four', 'five', 'six'];
const bursts = 14;
/** Short enough for the kernel to look in between: while files change all the time, it waits. */
const pauseMs = 400;
const seed = 7;

it('a burst of half-written plugins: the kernel serves throughout and ends in the state that is on disk', async () => {
  const before = childrenOf(process.pid);
  const world = await createWorld([...scribbled, 'steady']);
  const { manager, plugins, install, serves, paint, health, generations } = world;
  for (const id of [...scribbled, 'steady']) await install(id, '1.0.0');
  for (const id of [...scribbled, 'steady']) await serves(id, '1.0.0');
  await paint('steady', 'the first one starts it');

  const steady = startLoad(20, (order) => paint('steady', `steady ${order}`, { timeoutMs: 5_000 }));
  // What becomes of these is what is on disk at the moment; that each of them ends is what matters.
  const others = startLoad(40, (order) => {
    const id = scribbled[order % scribbled.length] as string;
    return paint(id, `${id} ${order}`, { timeoutMs: 5_000 });
  });
  const random = seeded(seed);
  const from = performance.now();
  let acts = 0;
  for (let burst = 0; burst < bursts; burst++) {
    const until = performance.now() + 300 * random();
    const scribbleOn = async (id: string) => {
      for (; performance.now() < until; acts++) {
        await scribble(plugins, id, random);
        await pause(20 * random());
      }
    };
    await Promise.all(scribbled.map(scribbleOn));
    await pause(pauseMs * random());
  }
  const seconds = ((performance.now() - from) / 1_000).toFixed(1);
  await tidy(plugins);

  // The last word: two whole, two gone, one without an entry, one whose manifest ends in the middle.
  await writeWhole(plugins, 'one', '2.0.0');
  await writeWhole(plugins, 'two', '3.0.0');
  await rm(join(plugins, 'three'), { recursive: true, force: true, maxRetries: 10 });
  await rm(join(plugins, 'four'), { recursive: true, force: true, maxRetries: 10 });
  await writeWhole(plugins, 'five', '5.0.0');
  await rm(join(plugins, 'five/index.js'));
  await mkdir(join(plugins, 'six'), { recursive: true });
  await writeFile(join(plugins, 'six/plugin.json'), '{ "id": "six", ');

  await serves('one', '2.0.0');
  await serves('two', '3.0.0');
  await serves('three', undefined);
  await serves('four', undefined);
  await expect
    .poll(() => manager.getServiceHealth().problems.map(({ message }) => message))
    .toEqual([
      expect.stringMatching(/five.*there is no file "index\.js"/),
      expect.stringMatching(/six.*is not JSON/),
    ]);
  const [calls, wild] = [await steady.stop(), await others.stop()];
  console.log(
    `${acts} acts in ${seconds} s: ${calls.length} steady calls, the longest ${longestMs(calls)} ms; the others ${JSON.stringify(tally(wild))}`,
  );
  expect(calls.filter(({ isLost }) => isLost)).toEqual([]);
  expect(acts).toBeGreaterThan(200);

  expect(await paint('one', 'whole')).toBe('2.0.0');
  expect(await paint('two', 'whole')).toBe('3.0.0');
  for (const id of ['three', 'four'])
    expect(await outcomeOf(() => paint(id, 'gone'))).toMatchObject({ answer: 'ERR_NO_ROUTE' });
  expect(health('steady')).toMatchObject({ version: '1.0.0', state: 'ready', restarts: 0 });
  await manager.close();
  expect(childrenOf(process.pid)).toEqual(before);
  expect(await generations()).toEqual([]);
});

it('a file that changes all the time does not keep other plugins from being taken', async () => {
  const { plugins, install, serves } = await createWorld(['restless', 'newcomer']);
  await install('restless', '1.0.0');
  await serves('restless', '1.0.0');
  let isOver = false;
  const writing = (async () => {
    for (let line = 0; !isOver; line++) {
      await writeFile(join(plugins, 'restless/notes.txt'), String(line));
      await pause(50);
    }
  })();
  try {
    await install('newcomer', '1.0.0');
    await serves('newcomer', '1.0.0', 5_000);
  } finally {
    isOver = true;
    await writing;
  }
});
