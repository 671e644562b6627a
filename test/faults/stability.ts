import type { Fault as HttpFault, Script, SeenRequest } from '@easel/plugin-sdk/emulator';
import {
  emulatedKey,
  problem,
  readForm,
  StabilityEmulator,
} from '../../plugins/stability/src/emulator/index.js';
import { type Account, type Fault, type Provider, pick, type Site } from './site.js';

const refusal = (status: number, name: string, text: string): HttpFault => ({
  answer: problem(status, name, text),
});
const limited = refusal(429, 'rate_limit_exceeded', 'You have been timed out. Please try again in 0.1s.');
const overloaded = refusal(503, 'service_unavailable', 'The service is overloaded.');
const html = { status: 502, body: '<html>Bad gateway' };

const one: readonly (readonly [string, HttpFault, isLost?: true])[] = [
  ['nothing', {}],
  ['the connection breaks off before the request is read', { breakOff: 'before' }],
  ['the connection breaks off when the image is made', { breakOff: 'after' }, true],
  ['the answer is cut in the middle', { cutAtByte: 100 }, true],
  ['a proxy answers 502 when the image is made', { answerAfter: html }, true],
  ['the answer takes longer than `requestMs`', { trickle: { bytes: 1, everyMs: 100 } }, true],
  ['the answer trickles', { trickle: { bytes: 5_000, everyMs: 1 } }],
  ['the answer is HTML', { answer: { status: 200, body: '<html>' } }],
  ['429 with a pause in its words', limited],
  ['503 in its own words', overloaded],
  ['the prompt is refused', refusal(403, 'content_moderation', 'Your request was flagged.')],
  ['the key is refused', refusal(401, 'unauthorized', 'authorization: invalid')],
  ['there is no credit', refusal(402, 'payment_required', 'You lack sufficient credits.')],
];

function faultsOf(emulator: StabilityEmulator): Fault[] {
  const atFirst = (fault: HttpFault, act = () => {}) => {
    let isOver = false;
    emulator.script = () => {
      if (isOver) return undefined;
      isOver = true;
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
  [{ answerAfter: html }, 'struck'],
  [limited, 'unpaid'],
  [overloaded, 'unpaid'],
  [{ delayMs: 150 }, 'delivered'],
];
/** Those of them after which nobody can doubt whether the image was made. */
const mildStorms = storms.filter(([fault, end]) => end !== 'struck' && fault.breakOff === undefined);

async function open(): Promise<Site> {
  const emulator = await StabilityEmulator.start();
  const ends = new Map<SeenRequest, End>();
  const prompts = new Map<SeenRequest, unknown>();
  const storm =
    (draw: () => number, faults: typeof storms): Script =>
    async (request) => {
      site.onRequest();
      const [fault, end] =
        draw() < 0.3 ? pick(draw, faults) : ([{ delayMs: draw() * 300 }, 'delivered'] as const);
      ends.set(request, end);
      prompts.set(request, (await readForm(request))?.prompt);
      return fault;
    };
  const site: Site = {
    options: { baseUrl: `${emulator.url}/v2beta`, requestMs: 3_000 },
    get paid() {
      return emulator.paid;
    },
    faults: faultsOf(emulator),
    onRequest: () => {},
    storm(draw) {
      emulator.script = storm(draw, storms);
    },
    mildStorm(draw) {
      emulator.script = storm(draw, mildStorms);
    },
    calm() {
      emulator.script = storm(() => 1, []);
    },
    isLostWithProcess: true,
    drawRequest: (draw) => (draw() < 0.5 ? {} : { seed: 1 }),
    account(prompt): Account {
      const of = (end: End) =>
        [...ends].filter(([request, each]) => each === end && prompts.get(request) === prompt);
      return { paid: of('struck').length + of('delivered').length, struck: of('struck').length };
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

export const stability: Provider = {
  name: 'stability',
  plugin: 'stability',
  model: 'stability-core',
  secrets: { STABILITY_API_KEY: emulatedKey },
  open,
};
