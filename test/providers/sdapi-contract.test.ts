import { readModel, testPlugin } from '@easel/plugin-sdk/testing';
import { afterAll } from 'vitest';
import { emulatedAuth, SdapiEmulator } from '../../plugins/sdapi/src/emulator/index.js';

const at = (relative: string) => new URL(`../../${relative}`, import.meta.url);
const emulator = await SdapiEmulator.start({ isLocked: true });
afterAll(() => emulator.close());

testPlugin({
  name: 'sdapi',
  folder: at('plugins/sdapi/'),
  config: { baseUrl: emulator.url, progressMs: 20 },
  refusedConfig: { progressMs: 0 },
  secrets: { SDAPI_AUTH: emulatedAuth },
  model: readModel(at('test/fixtures/server-catalogue/sdapi-second.json')),
  slow: { prompt: 'a snail, slowly' },
  failures: [{ request: { sampler: 'nothing' }, code: 'ERR_REQUEST_INVALID' }],
});
