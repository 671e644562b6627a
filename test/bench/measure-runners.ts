import type { ImageRequest } from '@easel/plugin-sdk';
import { createBenchWorld } from './bench-world.js';
import { perCall } from './timing.js';

const pictureBytes = 4 * 1024 * 1024;

/**
 * Microseconds of a call to a plugin that does nothing, by where it runs; with a picture of 1 KiB and one of
 * 4 MiB.
 */
export async function measureRunners(calls: number): Promise<Record<string, number>> {
  const kinds = ['inline', 'thread', 'process'] as const;
  await using world = await createBenchWorld(kinds.map((id) => ({ id, runtime: { isolation: id } })));
  const ask = (id: string, bytes: number): ImageRequest => ({
    prompt: 'a yellow star at night',
    model: id,
    providerOptions: { [id]: { bytes } },
  });
  const figures: Record<string, number> = {};
  for (const kind of kinds) {
    figures[`${kind}Us`] = await perCall(calls, () => world.manager.generateImage(ask(kind, 1_024)));
    const few = Math.max(5, Math.ceil(calls / 50));
    figures[`${kind}4MiBUs`] = await perCall(few, () => world.manager.generateImage(ask(kind, pictureBytes)));
  }
  return figures;
}
