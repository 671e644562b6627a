import { readModel, testPlugin } from '@easel/plugin-sdk/testing';
import { afterAll } from 'vitest';
import { geminiKey, startGeminiEmulator } from '../emulators/gemini/index.js';

const at = (relative: string) => new URL(`../../${relative}`, import.meta.url);

const emulator = await startGeminiEmulator({
  script: ({ body }) => {
    const text = body.toString('utf8');
    if (text.includes('a forbidden thing')) return { refuse: { blockReason: 'PROHIBITED_CONTENT' } };
    return text.includes('slowly') ? { delayMs: 4_000 } : undefined;
  },
});
afterAll(() => emulator.close());

testPlugin({
  name: 'gemini',
  folder: at('plugins/gemini/'),
  config: { baseUrl: emulator.url },
  refusedConfig: { baseUrl: 'ftp://example.com' },
  model: readModel(at('models/catalogue/gemini-3.1-flash-image.json')),
  secrets: { GEMINI_API_KEY: geminiKey },
  slow: { prompt: 'a snail, slowly' },
  failures: [{ request: { prompt: 'a forbidden thing' }, code: 'ERR_CONTENT_REFUSED' }],
});
