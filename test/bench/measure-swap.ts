import { once } from 'node:events';
import { createBenchWorld } from './bench-world.js';
import { median } from './timing.js';

/**
 * Milliseconds from the last byte of a new version on disk to its first call, noticing, copying and starting
 * included; medians.
 */
export async function measureSwaps(swaps: number): Promise<Record<string, number>> {
  const noticed: number[] = [];
  const asked: number[] = [];
  const plugin = { id: 'swatch' };
  await using world = await createBenchWorld([plugin], { hotLoad: true });
  const { manager } = world;
  // A kernel that watches does not keep its host alive.
  const alive = setInterval(() => {}, 1_000);
  await manager.generateImage({ prompt: 'a yellow star at night' });
  // The watcher needs a moment to be there.
  await new Promise((resolve) => setTimeout(resolve, 500));
  for (let swap = 1; swap <= swaps; swap++) {
    const swapped = new EventTarget();
    const off = manager.on('plugin-swapped', () => swapped.dispatchEvent(new Event('swapped')));
    const seen = once(swapped, 'swapped');
    await world.install(plugin, `${swap + 1}.0.0`);
    const from = performance.now();
    await seen;
    noticed.push(performance.now() - from);
    off();
    const askedFrom = performance.now();
    await manager.reloadPlugin('swatch');
    asked.push(performance.now() - askedFrom);
    await new Promise((resolve) => setTimeout(resolve, 500));
  }
  clearInterval(alive);
  return { swapNoticedMs: median(noticed), swapAskedForMs: median(asked) };
}
