import { readdirSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { heldMb, residentMb } from './fixtures/memory.js';
import { childrenOf } from './fixtures/processes.js';
import { createWorld, type World } from './fixtures/world.js';

const times = { switches: 1_000, returns: 50 };
/** Until the compiler has seen everything: its code is what grows longest. */
const warmUp = { switches: 300, returns: 25 };
/** Threads, since the code of an inline plugin stays for good; several, since a start is one core's work. */
const switched = ['switched-a', 'switched-b', 'switched-c'];
const threaded = { manifest: { runtime: { isolation: 'thread' as const } } };

it(`${times.switches} switches off and on and ${times.returns} removals and returns leave nothing behind`, async () => {
  const warnings: Error[] = [];
  const onWarning = (warning: Error) => void warnings.push(warning);
  process.on('warning', onWarning);
  // Node keeps one inotify descriptor for good once anything has been watched.
  await (await createWorld([])).manager.close();
  await pause(500);
  const before = left();

  const world = await createWorld([...switched, 'returning']);
  for (const id of switched) await world.install(id, '1.0.0', threaded);
  for (const id of switched) await world.serves(id, '1.0.0');
  await loadAndUnload(world, warmUp);

  const warm = { resident: await residentMb(), held: await heldMb(), left: left() };
  const from = performance.now();
  await loadAndUnload(world, times);
  const seconds = (performance.now() - from) / 1_000;
  const after = { resident: await residentMb(), held: await heldMb(), left: left() };
  console.log(
    `${times.switches} switches and ${times.returns} returns in ${seconds.toFixed(1)} s: resident ${warm.resident.toFixed(1)} -> ${after.resident.toFixed(1)} MiB, held ${warm.held.toFixed(1)} -> ${after.held.toFixed(1)} MiB`,
  );
  // Code that is compiled late counts in both; it has been all of the growth, 3 to 5 MiB resident.
  expect(after.resident).toBeLessThan(1.1 * warm.resident);
  expect(after.held).toBeLessThan(1.1 * warm.held);
  expect(after.left).toEqual(warm.left);

  await world.manager.close();
  await pause(200);
  expect(left()).toEqual(before);
  expect(await world.generations()).toEqual([]);
  process.off('warning', onWarning);
  expect(warnings).toEqual([]);
});

async function loadAndUnload(world: World, { switches, returns }: typeof times): Promise<void> {
  let switchesLeft = switches;
  const lanes = switched.map(async (id) => {
    while (switchesLeft-- > 0) await switchOffAndOn(world, id);
  });
  await Promise.all([...lanes, removeAndReturn(world, returns)]);
  // The last one drains and goes.
  await pause(500);
}

async function switchOffAndOn({ manager, paint }: World, id: string): Promise<void> {
  await manager.enablePlugin(id);
  await paint(id, 'switched on');
  await manager.disablePlugin(id);
}

/** In turns a thread and a process. */
async function removeAndReturn({ install, remove, serves, paint }: World, returns: number): Promise<void> {
  for (let version = 0; version < returns; version++) {
    await install('returning', `${version}.0.0`, version % 2 === 0 ? threaded : {});
    await serves('returning', `${version}.0.0`);
    await paint('returning', `returned ${version}`);
    await remove('returning');
    await serves('returning', undefined);
  }
}

/**
 * Whatever a kernel could leave in its host: what keeps it alive, who listens, which files are open, and who
 * has been started.
 */
function left() {
  const counted = (names: readonly string[]) =>
    Object.fromEntries(
      [...new Set(names)].sort().map((name) => [name, names.filter((other) => other === name).length]),
    );
  return {
    resources: counted(process.getActiveResourcesInfo()),
    listeners: Object.fromEntries(
      process.eventNames().map((name) => [String(name), process.listenerCount(name)]),
    ),
    openFiles: readdirSync('/proc/self/fd').length,
    processes: childrenOf(process.pid),
  };
}
