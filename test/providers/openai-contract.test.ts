import { readModel, testPlugin } from '@easel/plugin-sdk/testing';
import { afterAll } from 'vitest';
import { emulatedKey, OpenAiEmulator } from '../../plugins/openai/src/emulator/index.js';

const at = (relative: string) => new URL(`../../${relative}`, import.meta.url);

/** Whether the host of images fails. */
let isHostDown = false;
const script = ({ path, body }: { path: string; body: Buffer }) => {
  if (isHostDown && path.endsWith('/content')) return { answer: { status: 503 } };
  return body.includes('slowly') ? { delayMs: 4_000 } : undefined;
};
const openai = await OpenAiEmulator.start({ script });
const sglang = await OpenAiEmulator.start({ like: 'sglang', script });
afterAll(() => Promise.all([openai.close(), sglang.close()]));

const config = {
  servers: {
    openai: { like: 'openai', baseUrl: openai.url },
    sglang: { like: 'sglang', baseUrl: sglang.url },
  },
  requestMs: 6_000,
};
const common = {
  folder: at('plugins/openai/'),
  config,
  refusedConfig: { requestMs: 0 },
  secrets: { OPENAI_API_KEY: emulatedKey },
  slow: { prompt: 'a snail, slowly' },
  failures: [
    { request: { prompt: 'a forbidden thing' }, code: 'ERR_CONTENT_REFUSED' },
    { request: { options: { server: 'nowhere' } }, code: 'ERR_REQUEST_INVALID' },
  ] as const,
};

testPlugin({
  ...common,
  name: 'openai',
  model: readModel(at('test/fixtures/openai-catalogue/emulated-gpt.json')),
  provider: {
    paid: () => openai.paid,
    loseImages(areLost: boolean) {
      openai.answers = areLost ? 'url' : 'base64';
      isHostDown = areLost;
    },
  },
});

testPlugin({
  ...common,
  name: 'openai, with a server of seeds',
  model: readModel(at('test/fixtures/openai-catalogue/emulated-sglang.json')),
  provider: {
    paid: () => sglang.paid,
    loseImages(areLost: boolean) {
      sglang.answers = areLost ? 'relative-url' : 'base64';
      isHostDown = areLost;
    },
  },
});
