import type { Fault as HttpFault } from '@easel/plugin-sdk/emulator';
import {
  emulatedKey,
  problem,
  readForm,
  StabilityEmulator,
} from '../../plugins/stability/src/emulator/index.js';
import { postProvider } from './posts.js';

const refusal = (status: number, name: string, text: string): HttpFault => ({
  answer: problem(status, name, text),
});
const limited = refusal(429, 'rate_limit_exceeded', 'You have been timed out. Please try again in 0.1s.');
const overloaded = refusal(503, 'service_unavailable', 'The service is overloaded.');

export const stability = postProvider({
  name: 'stability',
  plugin: 'stability',
  model: 'stability-core',
  secrets: { STABILITY_API_KEY: emulatedKey },
  start: () => StabilityEmulator.start(),
  optionsOf: ({ url }) => ({ baseUrl: `${url}/v2beta` }),
  paidOf: ({ paid }) => paid,
  read: async (request) => ({ prompt: (await readForm(request))?.prompt, count: 1 }),
  refusals: [
    ['429 with a pause in its words', limited],
    ['503 in its own words', overloaded],
    ['the prompt is refused', refusal(403, 'content_moderation', 'Your request was flagged.')],
    ['the key is refused', refusal(401, 'unauthorized', 'authorization: invalid')],
    ['there is no credit', refusal(402, 'payment_required', 'You lack sufficient credits.')],
  ],
  limited,
  overloaded,
  request: { width: 1024, height: 1024 },
  drawRequest: (draw) => (draw() < 0.5 ? {} : { seed: 1 }),
});
