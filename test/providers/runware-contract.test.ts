import { readModel, testPlugin } from '@easel/plugin-sdk/testing';
import { afterAll } from 'vitest';
import {
  contentRefused,
  runwareKey,
  startRunwareEmulator,
} from '../../plugins/runware/src/emulator/index.js';

const at = (relative: string) => new URL(`../../${relative}`, import.meta.url);

const emulator = await startRunwareEmulator({
  script: ({ taskType, positivePrompt }) => {
    if (taskType !== 'imageInference') return undefined;
    const prompt = String(positivePrompt);
    if (prompt.includes('a forbidden thing')) return { refuse: contentRefused };
    return prompt.includes('slowly') ? { workMs: 4_000 } : undefined;
  },
});
afterAll(() => emulator.close());

const model = readModel(at('models/catalogue/runware-sdxl.json'));
const urls = { webSocketUrl: emulator.url, httpUrl: emulator.httpUrl };
const shared = {
  folder: at('plugins/runware/'),
  secrets: { RUNWARE_API_KEY: runwareKey },
  model,
  request: { width: 128, height: 128 },
  slow: { prompt: 'a snail, slowly' },
};

testPlugin({
  ...shared,
  name: 'runware, asking for its pictures over WebSockets',
  config: { ...urls, transport: 'websocket', firstPollMs: 20, longestPollMs: 100 },
  refusedConfig: { firstPollMs: 100, longestPollMs: 10 },
  failures: [
    { request: { prompt: 'a forbidden thing' }, code: 'ERR_CONTENT_REFUSED' },
    { request: { sampler: 'no such sampler' }, code: 'ERR_REQUEST_INVALID' },
    { request: { steps: 101 }, code: 'ERR_REQUEST_INVALID' },
  ],
});

testPlugin({
  ...shared,
  name: 'runware, being sent its pictures over WebSockets',
  config: { ...urls, transport: 'websocket' },
  refusedConfig: { connections: 0 },
  options: { delivery: 'sync', outputType: 'dataURI' },
  failures: [{ request: { prompt: 'a forbidden thing' }, code: 'ERR_CONTENT_REFUSED' }],
});

testPlugin({
  ...shared,
  name: 'runware, over HTTP, with pictures that are fetched',
  config: { ...urls, transport: 'http', firstPollMs: 20, longestPollMs: 100, allowPrivateAddresses: true },
  refusedConfig: { httpUrl: 'ftp://example.com' },
  options: { outputType: 'URL' },
  provider: {
    paid: () => emulator.paid,
    loseImages: (isLost) => {
      emulator.isImageHostDown = isLost;
    },
  },
  failures: [{ request: { prompt: 'a forbidden thing' }, code: 'ERR_CONTENT_REFUSED' }],
});
