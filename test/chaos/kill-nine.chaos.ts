import { setTimeout as pause } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { seeded } from '../fixtures/seeded.js';
import { type Outcome, outcomeOf, tally } from './fixtures/load.js';
import { heldMb } from './fixtures/memory.js';
import { createWorld, type World } from './fixtures/world.js';

const killsALane = 50;
const warmUpKills = 10;
const lanes = ['painter-a', 'painter-b', 'painter-c', 'painter-d'];
const callersALane = 4;
/** Calls in a row answer their crash; a circuit would refuse calls and hide what kills do to them. */
const manifest = { breaker: { minimumCalls: 10_000 }, runtime: { concurrency: 3 } };
const seed = 20_240_501;

it(`${lanes.length * killsALane} kills at any moment: every call settles, and with its own picture or the crash`, async () => {
  const world = await createWorld(lanes);
  for (const id of lanes) await world.install(id, '1.0.0', { manifest });
  for (const id of lanes) await world.serves(id, '1.0.0');

  await storm(world, warmUpKills);
  const before = await heldMb();
  const from = performance.now();
  const outcomes = await storm(world, killsALane);
  const seconds = (performance.now() - from) / 1_000;
  const after = await heldMb();

  const states = lanes.map((id) => world.health(id)?.restarts);
  console.log(
    `${lanes.length * killsALane} kills in ${seconds.toFixed(1)} s: ${JSON.stringify(tally(outcomes))}, restarts ${states.join(' ')}, ${before.toFixed(1)} -> ${after.toFixed(1)} MiB`,
  );
  expect(new Set(Object.keys(tally(outcomes)))).toEqual(
    new Set(['1.0.0', 'ERR_PLUGIN_CRASHED', 'ERR_PLUGIN_QUARANTINED']),
  );
  expect(after).toBeLessThan(1.1 * before);
  for (const id of lanes) expect(world.health(id)).toMatchObject({ inFlight: 0, queued: 0 });
  for (const id of lanes) {
    await world.manager.enablePlugin(id);
    expect(await world.paint(id, 'after all of it')).toBe('1.0.0');
  }
}, 200_000);

/**
 * Kills the process of each plugin so often while it is being called; resolves with what became of every
 * call.
 */
async function storm(world: World, kills: number): Promise<readonly Outcome[]> {
  const all = await Promise.all(
    lanes.map(async (id, lane) => {
      const random = seeded(seed + lane);
      const isOver = { value: false };
      const callers = Array.from({ length: callersALane }, (_, caller) =>
        callUntil(isOver, world, id, `${id} ${caller}`, random),
      );
      await killAgainAndAgain(world, id, kills, random);
      isOver.value = true;
      return (await Promise.all(callers)).flat();
    }),
  );
  return all.flat();
}

async function callUntil(
  isOver: { readonly value: boolean },
  { paint }: World,
  id: string,
  name: string,
  random: () => number,
): Promise<Outcome[]> {
  const outcomes: Outcome[] = [];
  while (!isOver.value) {
    const delayMs = Math.floor(60 * random());
    outcomes.push(await outcomeOf(() => paint(id, `${name} ${outcomes.length}`, { delayMs })));
    // One that is refused at once would be asked again thousands of times.
    if (outcomes.at(-1)?.isLost) await pause(20);
  }
  return outcomes;
}

/**
 * Each process once, up to 700 ms after it has come up and sooner more often: in its start, between calls and
 * in the middle of some.
 */
async function killAgainAndAgain(
  { manager, health }: World,
  id: string,
  kills: number,
  random: () => number,
) {
  let last: number | undefined;
  for (let killed = 0; killed < kills; killed++) {
    let pid = health(id)?.pid;
    while (pid === undefined || pid === last) {
      await pause(2);
      pid = health(id)?.pid;
      if (health(id)?.state === 'quarantined') await manager.enablePlugin(id);
    }
    await pause(700 * random() ** 2);
    process.kill(pid, 'SIGKILL');
    last = pid;
    // Half of the crashes are forgiven at once; after the others backoff and quarantine have their share.
    if (random() < 0.5) continue;
    while (health(id)?.pid === pid) await pause(2);
    await manager.enablePlugin(id);
  }
}
