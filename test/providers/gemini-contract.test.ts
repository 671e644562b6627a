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
  script: ({ method, body, path }) => {
    if (isLost && path.endsWith(':generateContent')) return { breakOff: 'after' };
    if (isLost && method === 'GET' && path.includes('/interactions/')) return { answer: unreadable };
    const text = body.toString('utf8');
    if (text.includes('a forbidden thing')) return { refuse: { blockReason: 'PROHIBITED_CONTENT' } };
    if (!text.includes('slowly')) return undefined;
    return path.endsWith('/interactions') ? { workMs: 4_000 } : { delayMs: 4_000 };
  },
});
afterAll(() => emulator.close());

/** What nobody can make a picture of. */
const content = [{ type: 'image', mime_type: 'image/jpeg', data: 'AAAA' }];
const steps = [{ type: 'model_output', content }];
const unreadable = { status: 200, body: { id: 'v1_unreadable', status: 'completed', steps } };

const config = { baseUrl: emulator.url, gatherMs: 20, firstPollMs: 10, longestPollMs: 30, settleMs: 100 };
const model = readModel(at('models/catalogue/gemini-3.1-flash-image.json'));

const provider = {
  paid: () => emulator.paid,
  loseImages(areLost: boolean) {
    isLost = areLost;
  },
};

testPlugin({
  name: 'gemini, in the background',
  provider,
  folder: at('plugins/gemini/'),
  config: { ...config, background: { firstPollMs: 10, longestPollMs: 30 } },
  refusedConfig: { background: { firstPollMs: 0 } },
  model,
  secrets: { GEMINI_API_KEY: geminiKey },
  slow: { prompt: 'a snail, slowly' },
  failures: [{ request: { prompt: 'a forbidden thing' }, code: 'ERR_CONTENT_REFUSED' }],
});

testPlugin({
  name: 'gemini, directly',
  provider,
  folder: at('plugins/gemini/'),
  config: { ...config, delivery: 'direct' },
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
