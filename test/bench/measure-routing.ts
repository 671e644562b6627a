import { createBenchWorld } from './bench-world.js';
import { perCall } from './timing.js';

/**
 * Microseconds of a call to one inline plugin among so many, each with a pipeline type and a model of its
 * own.
 */
export async function measureRouting(calls: number): Promise<Record<string, number>> {
  const figures: Record<string, number> = {};
  for (const count of [1, 10, 1_000]) {
    const plugins = Array.from({ length: count }, (_, index) => ({
      id: `plugin-${index}`,
      runtime: { isolation: 'inline' as const },
    }));
    await using world = await createBenchWorld(plugins);
    const model = `plugin-${count - 1}`;
    figures[`among${count}Us`] = await perCall(calls, () =>
      world.manager.generateImage({ prompt: 'a yellow star at night', model }),
    );
  }
  return figures;
}
