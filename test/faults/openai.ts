import type { Fault as HttpFault, SeenRequest } from '@easel/plugin-sdk/emulator';
import {
  dialects,
  emulatedKey,
  errorAnswer,
  moderated,
  OpenAiEmulator,
  tooManyRequests,
} from '../../plugins/openai/src/emulator/index.js';
import { type Account, type Fault, type Provider, pick, type Site } from './site.js';

const dialect = dialects.openai;
const refusal = (status: number, message: string, code?: string) => ({
  answer: errorAnswer(dialect, { status, message, type: 'server_error', code: code ?? null }),
});
const overloaded = refusal(503, 'The server is overloaded.');
const limited = (seconds?: number) => ({ answer: errorAnswer(dialect, tooManyRequests(seconds)) });
const one: readonly (readonly [string, HttpFault, isLost?: true])[] = [
  ['nothing', {}],
  ['the connection breaks off before the request is read', { breakOff: 'before' }],
  ['the connection breaks off when the image is made', { breakOff: 'after' }, true],
  ['the answer is cut in the middle', { cutAtByte: 100 }, true],
  ['a proxy answers 502 when the image is made', { answerAfter: { status: 502, body: '<html>' } }, true],
  ['the answer takes longer than `requestMs`', { trickle: { bytes: 1, everyMs: 100 } }, true],
  ['the answer trickles', { trickle: { bytes: 200, everyMs: 1 } }],
  ['the answer is HTML', { answer: { status: 200, body: '<html>' } }],
  ['429 with a pause in its words', limited(0.1)],
  ['429 without a pause', limited()],
  ['429, the quota is used up', refusal(429, 'You exceeded your current quota.', 'insufficient_quota')],
  ['500 in its own words', refusal(500, 'The server had an error.')],
  ['503 in its own words', overloaded],
  ['the prompt is refused', { answer: errorAnswer(dialect, moderated) }],
  ['the key is refused', refusal(401, 'Incorrect API key provided.', 'invalid_api_key')],
];

function faultsOf(emulator: OpenAiEmulator): Fault[] {
  const atFirst = (fault: HttpFault, act = () => {}) => {
    let seen = 0;
    emulator.script = ({ method }) => {
      if (method !== 'POST' || ++seen > 1) return undefined;
      act();
      return fault;
    };
  };
  return [
    ...one.map(([name, fault, isLost = false]) => ({ name, mayLose: isLost, strike: () => atFirst(fault) })),
    {
      name: '`kill -9` before the request is read',
      strike: ({ kill }) => atFirst({ breakOff: 'before' }, kill),
    },
    { name: '`kill -9` while the image is made', mayLose: true, strike: ({ kill }) => atFirst({}, kill) },
  ];
}

type End = 'unpaid' | 'struck' | 'delivered';

/** What goes wrong at random, and whether the image is made and out of reach then. */
const storms: readonly (readonly [HttpFault, End])[] = [
  [{ breakOff: 'before' }, 'unpaid'],
  [{ breakOff: 'after' }, 'struck'],
  [{ cutAtByte: 100 }, 'struck'],
  [{ answerAfter: { status: 502, body: '<html>' } }, 'struck'],
  [limited(0.05), 'unpaid'],
  [overloaded, 'unpaid'],
  [{ delayMs: 150 }, 'delivered'],
  [{ trickle: { bytes: 200, everyMs: 1 } }, 'delivered'],
];

/** Those of them after which nobody can doubt whether the image was made. */
const mildFaults = storms.filter(([fault, end]) => end !== 'struck' && fault.breakOff === undefined);

async function open(): Promise<Site> {
  const emulator = await OpenAiEmulator.start();
  const ends = new Map<SeenRequest, End>();
  const storm = (draw: () => number, faults: typeof storms) => {
    emulator.script = (request) => {
      site.onRequest();
      const [fault, end] =
        draw() < 0.3 ? pick(draw, faults) : ([{ delayMs: draw() * 300 }, 'delivered'] as const);
      ends.set(request, end);
      return fault;
    };
  };
  const site: Site = {
    options: { servers: { openai: { like: 'openai', baseUrl: emulator.url } }, requestMs: 3_000 },
    get paid() {
      return emulator.paid;
    },
    faults: faultsOf(emulator),
    onRequest: () => {},
    storm: (draw) => storm(draw, storms),
    mildStorm: (draw) => storm(draw, mildFaults),
    calm() {
      emulator.script = (request) => {
        site.onRequest();
        ends.set(request, 'delivered');
        return undefined;
      };
    },
    isSeedless: true,
    isLostWithProcess: true,
    drawRequest: () => ({}),
    account(prompt): Account {
      const counts: Record<End, number> = { unpaid: 0, struck: 0, delivered: 0 };
      for (const [{ json }, end] of ends) {
        const body = json as { prompt?: string; n?: number };
        if (body.prompt === prompt) counts[end] += body.n ?? 1;
      }
      return { paid: counts.struck + counts.delivered, struck: counts.struck };
    },
    restart(downMs) {
      for (const request of emulator.unanswered)
        if (ends.get(request) === 'delivered') ends.set(request, 'struck');
      return emulator.restart(downMs);
    },
    close: () => emulator.close(),
  };
  return site;
}

export const openai: Provider = {
  name: 'openai',
  plugin: 'openai',
  model: 'emulated-gpt',
  secrets: { OPENAI_API_KEY: emulatedKey },
  open,
};
