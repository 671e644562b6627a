import { readModel, testPlugin } from '@easel/plugin-sdk/testing';
import { afterAll } from 'vitest';
import { geminiKey, startGeminiEmulator } from '../../plugins/gemini/src/emulator/index.js';

const at = (relative: string) => new URL(`../../${relative}`, import.meta.url);

/** Whether images are made and paid, and their answers break off. */
let isLost = false;
const emulator = await startGeminiEmulator({
  course: () => ({
    outcome: ({ prompt }) =>
      prompt.includes('a forbidden thing') ? { refuse: { blockReason: 'PROHIBITED_CONTENT' } } : undefined,
  }),
  script: ({ body, path }) => {
    if (isLost && path.endsWith(':generateContent')) return { breakOff: 'after' };
    const text = body.toString('utf8');
    if (text.includes('a forbidden thing')) return { refuse: { blockReason: 'PROHIBITED_CONTENT' } };
    return text.includes('slowly') ? { delayMs: 4_000 } : undefined;
  },
});
afterAll(() => emulator.close());

const config = { baseUrl: emulator.url, gatherMs: 20, firstPollMs: 10, longestPollMs: 30, settleMs: 100 };
const model = readModel(at('models/catalogue/gemini-3.1-flash-image.json'));

testPlugin({
  name: 'gemini, directly',
  provider: {
    paid: () => emulator.paid,
    loseImages(areLost) {
      isLost = areLost;
    },
  },
  folder: at('plugins/gemini/'),
  config,
  refusedConfig: { baseUrl: 'ftp://example.com' },
  model,
  secrets: { GEMINI_API_KEY: geminiKey },
  slow: { prompt: 'a snail, slowly' },
  failures: [{ request: { prompt: 'a forbidden thing' }, code: 'ERR_CONTENT_REFUSED' }],
});

testPlugin({
  name: 'gemini, by batch',
  folder: at('plugins/gemini/'),
  config: { ...config, delivery: 'batch' },
  refusedConfig: { firstPollMs: 100, longestPollMs: 10 },
  model,
  secrets: { GEMINI_API_KEY: geminiKey },
  slow: { prompt: 'a snail, slowly' },
  failures: [{ request: { prompt: 'a forbidden thing' }, code: 'ERR_CONTENT_REFUSED' }],
});
