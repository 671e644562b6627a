import type { Fault as HttpFault, Script, SeenRequest, TaskEmulator } from '@easel/plugin-sdk/emulator';
import { type QueueProvider, queueProviders } from '../providers/queue-providers.js';
import { type Account, type Fault, type Provider, pick, type Site } from './site.js';

const refusal = (status: number, detail: string): HttpFault => ({ answer: { status, body: { detail } } });
const html = { status: 502, body: '<html>Bad gateway' };

/** What happens to the request that begins a task, and whether that is begun and out of reach then. */
const ofSubmission: readonly (readonly [string, HttpFault, isLost?: true])[] = [
  ['nothing', {}],
  ['the connection breaks off before the request is read', { breakOff: 'before' }],
  ['the connection breaks off when the task has begun', { breakOff: 'after' }, true],
  ['the answer is cut in the middle', { cutAtByte: 20 }, true],
  ['a proxy answers 502 when the task has begun', { answerAfter: html }, true],
  ['the answer comes later than `requestMs`', { trickle: { bytes: 1, everyMs: 100 } }, true],
  ['the answer trickles', { trickle: { bytes: 50, everyMs: 1 } }],
  ['the answer is HTML', { answer: { status: 200, body: '<html>' } }],
  ['429 with a pause in its words', refusal(429, 'Request was throttled. Your rate limit resets in ~0.1s.')],
  ['503 in its own words', refusal(503, 'The server is overloaded.')],
  ['the key is refused', refusal(401, 'Authentication is required.')],
  ['there is no credit', refusal(402, 'Insufficient credit.')],
];

const ofQuestion: readonly (readonly [string, HttpFault])[] = [
  ['a question breaks off', { breakOff: 'before' }],
  ['the answer to a question is cut', { cutAtByte: 20 }],
  ['a proxy answers a question', { answer: html }],
  ['a question is turned away with 429', refusal(429, 'Request was throttled.')],
];

function faultsOf({ submit, ask }: QueueProvider, emulator: TaskEmulator): Fault[] {
  /** Does that at the first request of the kind, and lets the fault happen to it. */
  const atFirst = (isMeant: (request: SeenRequest) => boolean, fault: HttpFault, act = () => {}) => {
    let isOver = false;
    emulator.script = (request) => {
      if (isOver || !isMeant(request)) return undefined;
      isOver = true;
      act();
      return fault;
    };
  };
  const isSubmission = ({ method, path }: SeenRequest) => method === 'POST' && submit.test(path);
  const isQuestion = ({ method, path }: SeenRequest) => method === 'GET' && ask.test(path);
  const isImage = ({ path }: SeenRequest) => path.startsWith('/images/');
  return [
    ...ofSubmission.map(([name, fault, mayLose = false]) => ({
      name,
      mayLose,
      strike: () => atFirst(isSubmission, fault),
    })),
    ...ofQuestion.map(([name, fault]) => ({ name, strike: () => atFirst(isQuestion, fault) })),
    {
      name: 'the host of images answers 503 at first',
      strike: () => atFirst(isImage, { answer: { status: 503 } }),
    },
    {
      name: '`kill -9` before the request is read',
      strike: ({ kill }) => atFirst(isSubmission, { breakOff: 'before' }, kill),
    },
    {
      name: '`kill -9` before the answer has come',
      mayLose: true,
      strike: ({ kill }) => atFirst(isSubmission, {}, kill),
    },
    {
      name: '`kill -9` when the task is asked about',
      request: { seed: 7 },
      strike: ({ kill }) => atFirst(isQuestion, {}, kill),
    },
    {
      name: '`kill -9` when the image is fetched',
      request: { seed: 8 },
      strike: ({ kill }) => atFirst(isImage, {}, kill),
    },
  ];
}

type End = 'unpaid' | 'struck' | 'delivered';

/** What goes wrong at random with a request that begins a task, and what becomes of it. */
const storms: readonly (readonly [HttpFault, End])[] = [
  [{ breakOff: 'before' }, 'unpaid'],
  [{ breakOff: 'after' }, 'struck'],
  [{ cutAtByte: 20 }, 'struck'],
  [{ answerAfter: html }, 'struck'],
  [refusal(429, 'Request was throttled. Your rate limit resets in ~0.05s.'), 'unpaid'],
  [refusal(503, 'The server is overloaded.'), 'unpaid'],
  [{ delayMs: 150 }, 'delivered'],
  [{ trickle: { bytes: 50, everyMs: 1 } }, 'delivered'],
];
/** Those of them after which nobody can doubt whether the task has begun. */
const mildStorms = storms.filter(([fault, end]) => end !== 'struck' && fault.breakOff === undefined);
const questions: readonly HttpFault[] = [...ofQuestion.map(([, fault]) => fault), { delayMs: 100 }];

/**
 * What a request that begins a task is for, and how many images: fal has its fields at the top, Replicate in
 * `input`.
 */
function readSubmission({ json }: SeenRequest): { prompt: unknown; count: number } {
  const body = json as { input?: { [name: string]: unknown } } & { [name: string]: unknown };
  const { prompt, num_images: images, num_outputs: outputs } = body.input ?? body;
  return { prompt, count: Number(images ?? outputs ?? 1) };
}

async function open(provider: QueueProvider): Promise<Site> {
  const emulator = await provider.start();
  const ends = new Map<SeenRequest, End>();
  const isSubmission = ({ method, path }: SeenRequest) => method === 'POST' && provider.submit.test(path);
  const storm = (draw: () => number, faults: typeof storms): Script => {
    return (request) => {
      site.onRequest();
      const isStruck = draw() < 0.3;
      if (request.path.startsWith('/images/')) return isStruck ? { delayMs: 100 } : undefined;
      if (!isSubmission(request)) return isStruck ? pick(draw, questions) : undefined;
      const [fault, end] = isStruck
        ? pick(draw, faults)
        : ([{ delayMs: draw() * 100 }, 'delivered'] as const);
      ends.set(request, end);
      return fault;
    };
  };
  const site: Site = {
    options: provider.optionsFor(emulator),
    get paid() {
      return emulator.paid;
    },
    faults: faultsOf(provider, emulator),
    onRequest: () => {},
    storm(draw) {
      emulator.script = storm(draw, storms);
    },
    mildStorm(draw) {
      emulator.script = storm(draw, mildStorms);
    },
    calm() {
      emulator.script = (request) => {
        site.onRequest();
        if (isSubmission(request)) ends.set(request, 'delivered');
        return undefined;
      };
    },
    drawRequest: (draw) =>
      draw() < 0.5 ? { width: 256, height: 256 } : { width: 256, height: 256, seed: 1 },
    isLostWithProcess: true,
    account(prompt): Account {
      const counts: Record<End, number> = { unpaid: 0, struck: 0, delivered: 0 };
      for (const [request, end] of ends) {
        const submission = readSubmission(request);
        if (submission.prompt === prompt) counts[end] += submission.count;
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

/** Providers whose requests are answered with an id. */
export const queues: readonly Provider[] = queueProviders.map((provider) => ({
  name: provider.id,
  plugin: provider.id,
  model: provider.model,
  secrets: provider.secrets,
  open: () => open(provider),
}));
