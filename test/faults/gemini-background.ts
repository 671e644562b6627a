import {
  geminiKey,
  googleError,
  rateLimited,
  startGeminiEmulator,
} from '../../plugins/gemini/src/emulator/index.js';
import { queueProvider } from './queue.js';

const limited = { answer: rateLimited({ retryDelay: '0.1s' }) };
const overloaded = { answer: googleError(503, 'UNAVAILABLE', 'The model is overloaded.') };

/** Gemini, whose pictures are made in the background. */
export const geminiBackground = queueProvider({
  name: 'gemini-background',
  plugin: 'gemini',
  model: 'gemini-3.1-flash-image',
  secrets: { GEMINI_API_KEY: geminiKey },
  async start() {
    const emulator = await startGeminiEmulator();
    const background = { firstPollMs: 20, longestPollMs: 80 };
    return { emulator, options: { baseUrl: emulator.url, background } };
  },
  isSubmission: ({ method, path }) => method === 'POST' && path === '/v1beta/interactions',
  isQuestion: ({ method, path }) => method === 'GET' && path.startsWith('/v1beta/interactions/'),
  read({ json }) {
    const { input } = json as { input: { text?: string }[] };
    return { prompt: input.flatMap(({ text }) => text ?? []).join('\n'), count: 1 };
  },
  refusals: [
    ['429 with a pause', limited],
    ['429, the quota of the day', { answer: rateLimited({ per: 'day' }) }],
    ['500', { answer: googleError(500, 'INTERNAL', 'An internal error.') }],
    ['503', overloaded],
    ['the key is refused', { answer: googleError(403, 'PERMISSION_DENIED', 'The key was revoked.') }],
  ],
  ...{ limited, overloaded },
  isSeedless: true,
  drawRequest: () => ({ width: 512, height: 512 }),
});
