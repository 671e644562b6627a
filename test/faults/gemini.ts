import type { Fault as HttpFault, SeenRequest } from '@easel/plugin-sdk/emulator';
import type { GeminiFault } from '../../plugins/gemini/src/emulator/answer.js';
import {
  type GeminiEmulator,
  geminiKey,
  googleError,
  rateLimited,
  startGeminiEmulator,
} from '../../plugins/gemini/src/emulator/index.js';
import { type Account, type Fault, lateAnswer, type Provider, patientMs, pick, type Site } from './site.js';

const overloaded = googleError(503, 'UNAVAILABLE', 'The model is overloaded.');
const one: readonly (readonly [string, GeminiFault, isLost?: true])[] = [
  ['nothing', {}],
  ['the connection breaks off before the request is read', { breakOff: 'before' }],
  ['the connection breaks off when the picture is made', { breakOff: 'after' }, true],
  ['the answer is cut in the middle', { cutAtByte: 1_000 }, true],
  ['a proxy answers 502 when the picture is made', { answerAfter: { status: 502, body: '<html>' } }, true],
  ['the answer takes longer than `requestMs`', lateAnswer, true],
  ['the answer trickles', { trickle: { bytes: 2_000, everyMs: 1 } }],
  ['the answer is HTML', { answer: { status: 200, body: '<html>' } }],
  ['429 with a pause', { answer: rateLimited({ retryDelay: '0.1s' }) }],
  ['429 without a pause', { answer: rateLimited() }],
  ['429, the quota of the day', { answer: rateLimited({ per: 'day' }) }],
  ['500', { answer: googleError(500, 'INTERNAL', 'An internal error.') }],
  ['503', { answer: overloaded }],
  ['the prompt is blocked', { refuse: { blockReason: 'PROHIBITED_CONTENT' } }],
  ['the picture is held back', { refuse: { finishReason: 'IMAGE_SAFETY' } }],
  ['words in place of a picture', { refuse: { text: 'I cannot draw this.' } }],
  ['the key is refused', { answer: googleError(403, 'PERMISSION_DENIED', 'The key was revoked.') }],
  ['a picture of its thoughts first', { thinks: true }],
];

const isMaking = ({ method }: { readonly method: string }) => method === 'POST';

function faultsOf(emulator: GeminiEmulator): Fault[] {
  const atFirst = (fault: GeminiFault, act = () => {}, number = 1) => {
    let seen = 0;
    emulator.script = (request) => {
      if (!isMaking(request) || ++seen !== number) return undefined;
      act();
      return fault;
    };
  };
  return [
    ...one.map(([name, fault, isLost = false]) => ({
      name,
      mayLose: isLost,
      isLate: fault === lateAnswer,
      strike: () => atFirst(fault),
    })),
    {
      name: '503 for the second of three pictures',
      request: { n: 3 },
      strike: () => atFirst({ answer: overloaded }, undefined, 2),
    },
    {
      name: 'the second of three pictures breaks off',
      request: { n: 3 },
      mayLose: true,
      strike: () => atFirst({ breakOff: 'after' }, undefined, 2),
    },
    {
      name: 'of two pictures one breaks off, the other is limited',
      request: { n: 2 },
      mayLose: true,
      strike() {
        let seen = 0;
        emulator.script = (request) => {
          if (!isMaking(request) || ++seen > 2) return undefined;
          return seen === 1 ? { breakOff: 'after' } : { answer: rateLimited({ retryDelay: '0.1s' }) };
        };
      },
    },
    {
      name: '`kill -9` before the request is read',
      strike: ({ kill }) => atFirst({ breakOff: 'before' }, kill),
    },
    { name: '`kill -9` while the picture is made', mayLose: true, strike: ({ kill }) => atFirst({}, kill) },
  ];
}

/** What goes wrong at random, and whether the picture is made and out of reach then. */
const storms: readonly (readonly [HttpFault, 'unpaid' | 'struck' | 'delivered'])[] = [
  [{ breakOff: 'before' }, 'unpaid'],
  [{ breakOff: 'after' }, 'struck'],
  [{ cutAtByte: 300 }, 'struck'],
  [{ answerAfter: { status: 502, body: '<html>' } }, 'struck'],
  [{ answer: rateLimited({ retryDelay: '0.05s' }) }, 'unpaid'],
  [{ answer: overloaded }, 'unpaid'],
  [{ delayMs: 150 }, 'delivered'],
  [{ trickle: { bytes: 2_000, everyMs: 1 } }, 'delivered'],
];

/** Those of them after which nobody can doubt whether the image was made. */
const mildFaults = storms.filter(([fault, end]) => end !== 'struck' && fault.breakOff === undefined);

async function open(): Promise<Site> {
  const emulator = await startGeminiEmulator();
  const ends = new Map<SeenRequest, 'unpaid' | 'struck' | 'delivered'>();
  const site: Site = {
    options: { baseUrl: emulator.url, delivery: 'direct', requestMs: patientMs },
    get paid() {
      return emulator.paid;
    },
    faults: faultsOf(emulator),
    onRequest: () => {},
    storm(draw) {
      emulator.script = (request) => {
        site.onRequest();
        const [fault, end] =
          draw() < 0.3 ? pick(draw, storms) : ([{ delayMs: draw() * 150 }, 'delivered'] as const);
        if (isMaking(request)) ends.set(request, end);
        return fault;
      };
    },
    mildStorm(draw) {
      emulator.script = (request) => {
        site.onRequest();
        if (isMaking(request)) ends.set(request, 'delivered');
        const [fault] = draw() < 0.3 ? pick(draw, mildFaults) : ([{ delayMs: draw() * 400 }] as const);
        return fault;
      };
    },
    calm() {
      emulator.script = (request) => {
        site.onRequest();
        if (isMaking(request)) ends.set(request, 'delivered');
        return undefined;
      };
    },
    isSeedless: true,
    isLostWithProcess: true,
    drawRequest: () => ({ width: 512, height: 512 }),
    account(prompt): Account {
      const own = [...ends].filter(([{ json }]) => promptOf(json) === prompt).map(([, end]) => end);
      const paid = own.filter((end) => end !== 'unpaid').length;
      return { paid, struck: own.filter((end) => end === 'struck').length };
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

const promptOf = (json: unknown): string =>
  (json as { contents: { parts: { text?: string }[] }[] }).contents
    .flatMap(({ parts }) => parts.flatMap(({ text }) => text ?? []))
    .join('\n');

/** Gemini, whose pictures are answered at once. */
export const gemini: Provider = {
  name: 'gemini',
  plugin: 'gemini',
  model: 'gemini-3.1-flash-image',
  secrets: { GEMINI_API_KEY: geminiKey },
  open,
};
