import { readModel, testPlugin } from '@easel/plugin-sdk/testing';
import { afterAll } from 'vitest';
import { ComfyEmulator } from '../../plugins/comfyui/src/emulator/index.js';

const at = (relative: string) => new URL(`../../${relative}`, import.meta.url);
const emulator = await ComfyEmulator.start();
afterAll(() => emulator.close());

testPlugin({
  name: 'comfyui',
  folder: at('plugins/comfyui/'),
  config: { baseUrl: emulator.url, pollMs: 20 },
  refusedConfig: { pollMs: 0 },
  model: readModel(at('test/fixtures/server-catalogue/comfyui-text.json')),
  slow: { prompt: 'a snail, slowly' },
  failures: [{ request: { sampler: 'nothing' }, code: 'ERR_REQUEST_INVALID' }],
});
