import {
  dialects,
  emulatedKey,
  errorAnswer,
  moderated,
  OpenAiEmulator,
  tooManyRequests,
} from '../../plugins/openai/src/emulator/index.js';
import { postProvider } from './posts.js';

const dialect = dialects.openai;
const refusal = (status: number, message: string, code?: string) => ({
  answer: errorAnswer(dialect, { status, message, type: 'server_error', code: code ?? null }),
});
const overloaded = refusal(503, 'The server is overloaded.');
const limited = (seconds?: number) => ({ answer: errorAnswer(dialect, tooManyRequests(seconds)) });

export const openai = postProvider({
  name: 'openai',
  plugin: 'openai',
  model: 'emulated-gpt',
  secrets: { OPENAI_API_KEY: emulatedKey },
  start: () => OpenAiEmulator.start(),
  optionsOf: ({ url }) => ({ servers: { openai: { like: 'openai', baseUrl: url } } }),
  paidOf: ({ paid }) => paid,
  read({ method, json }) {
    const { prompt, n = 1 } = (json ?? {}) as { prompt?: string; n?: number };
    return method === 'POST' ? { prompt, count: n } : undefined;
  },
  refusals: [
    ['429 with a pause in its words', limited(0.1)],
    ['429 without a pause', limited()],
    ['429, the quota is used up', refusal(429, 'You exceeded your current quota.', 'insufficient_quota')],
    ['500 in its own words', refusal(500, 'The server had an error.')],
    ['503 in its own words', overloaded],
    ['the prompt is refused', { answer: errorAnswer(dialect, moderated) }],
    ['the key is refused', refusal(401, 'Incorrect API key provided.', 'invalid_api_key')],
  ],
  limited: limited(0.05),
  overloaded,
  isSeedless: true,
  drawRequest: () => ({}),
});
