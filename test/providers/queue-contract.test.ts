/**
 * The suite that every plugin passes, over those whose provider answers with an id.
 *
 * @module
 */
import { readModel, testPlugin } from '@easel/plugin-sdk/testing';
import { afterAll } from 'vitest';
import { queueProviders } from './queue-providers.js';

const at = (relative: string) => new URL(`../../${relative}`, import.meta.url);

for (const { id, model, start, optionsFor, secrets } of queueProviders) {
  const emulator = await start();
  afterAll(() => emulator.close());
  testPlugin({
    name: id,
    folder: at(`plugins/${id}/`),
    config: optionsFor(emulator),
    refusedConfig: { requestMs: 0 },
    model: readModel(at(`models/catalogue/${model}.json`)),
    request: { width: 256, height: 256 },
    secrets,
    slow: { prompt: 'a snail, slowly' },
    failures: [{ request: { prompt: 'a forbidden thing' }, code: 'ERR_CONTENT_REFUSED' }],
    provider: {
      paid: () => emulator.paid,
      loseImages(areLost: boolean) {
        emulator.isHostDown = areLost;
      },
    },
  });
}
