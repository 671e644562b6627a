import type { Fault as HttpFault } from '@easel/plugin-sdk/emulator';
import { SdapiEmulator } from '../../plugins/sdapi/src/emulator/index.js';
import { postProvider } from './posts.js';

const refusal = (status: number, detail: string): HttpFault => ({ answer: { status, body: { detail } } });
const limited = refusal(429, 'Too many requests. Try again in 0.1s.');
const overloaded = refusal(503, 'The checkpoint is being loaded.');

export const sdapi = postProvider({
  name: 'sdapi',
  plugin: 'sdapi',
  model: 'sdapi-current',
  secrets: {},
  start: () => SdapiEmulator.start(),
  optionsOf: ({ url }) => ({ baseUrl: url, progressMs: 20 }),
  paidOf: ({ made }) => made,
  read({ path, json }) {
    const { prompt } = (json ?? {}) as { prompt?: string };
    return /2img$/.test(path) ? { prompt, count: 1 } : undefined;
  },
  refusals: [
    ['429 with a pause in its words', limited],
    ['503 in its own words', overloaded],
    ['the memory is used up', { answer: { status: 500, body: { error: 'OutOfMemoryError', detail: '' } } }],
    ['the key is refused', refusal(401, 'Incorrect username or password')],
  ],
  limited,
  overloaded,
  drawRequest: () => ({}),
  isFree: true,
});
