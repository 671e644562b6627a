import { readModel, testPlugin } from '@easel/plugin-sdk/testing';
import { afterAll } from 'vitest';
import { emulatedKey, StabilityEmulator } from '../../plugins/stability/src/emulator/index.js';

const at = (relative: string) => new URL(`../../${relative}`, import.meta.url);
const emulator = await StabilityEmulator.start();
afterAll(() => emulator.close());

testPlugin({
  name: 'stability',
  folder: at('plugins/stability/'),
  config: { baseUrl: `${emulator.url}/v2beta`, requestMs: 6_000 },
  refusedConfig: { requestMs: 0 },
  secrets: { STABILITY_API_KEY: emulatedKey },
  model: readModel(at('models/catalogue/stability-core.json')),
  slow: { prompt: 'a snail, slowly' },
  failures: [
    { request: { prompt: 'a forbidden thing' }, code: 'ERR_CONTENT_REFUSED' },
    { request: { prompt: 'a flagged thing' }, code: 'ERR_CONTENT_REFUSED' },
  ],
  provider: {
    paid: () => emulator.paid,
    loseImages(areLost: boolean) {
      emulator.script = areLost ? () => ({ cutAtByte: 100 }) : undefined;
    },
  },
});
