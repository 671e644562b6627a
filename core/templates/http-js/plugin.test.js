import { readModel, testPlugin } from '@easel/plugin-sdk/testing';
import { afterAll } from 'vitest';
import emulator from './emulator.js';

const { options, secrets, close } = await emulator.start({ port: 0 });
afterAll(close);

testPlugin({
  name: 'http-js',
  folder: new URL('.', import.meta.url),
  model: readModel(new URL('model.json', import.meta.url)),
  config: options,
  secrets,
  refusedConfig: { baseUrl: 'not a URL' },
  failures: [
    { request: { prompt: 'something forbidden' }, code: 'ERR_CONTENT_REFUSED' },
    { request: { prompt: 'too many of them' }, code: 'ERR_PROVIDER_RATE_LIMITED' },
  ],
});
