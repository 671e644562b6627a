import type { EmulatedServer, Fault as HttpFault, Script, SeenRequest } from '@easel/plugin-sdk/emulator';
import { queueProviders } from '../providers/queue-providers.js';
import {
  type Account,
  type Fault,
  lateAnswer,
  type Provider,
  patientMs,
  pick,
  type Site,
  type Stage,
} from './site.js';

type IsMeant = (request: SeenRequest) => boolean;
type Emulator = Pick<EmulatedServer, 'unanswered' | 'restart' | 'close'> & {
  script: Script | undefined;
  readonly paid: number;
};

/** A provider that answers a request with an id, and makes the images later. */
export interface Queue extends Omit<Provider, 'open'> {
  start(): Promise<{ readonly emulator: Emulator; readonly options: Site['options'] }>;
  readonly isSubmission: IsMeant;
  readonly isQuestion: IsMeant;
  /** Absent: its images are in its answers. */
  readonly isImage?: IsMeant;
  /** What a request that begins a task is for, and how many images. */
  read(submission: SeenRequest): { readonly prompt: unknown; readonly count: number };
  /** Answers in place of a task. */
  readonly refusals: readonly (readonly [name: string, fault: HttpFault])[];
  readonly limited: HttpFault;
  readonly overloaded: HttpFault;
  /** Whether its models have no seeds: a call that comes again is known by its id. Absent: they have. */
  readonly isSeedless?: boolean;
  drawRequest(draw: () => number): ReturnType<Site['drawRequest']>;
}

const html = { status: 502, body: '<html>Bad gateway' };

/** What happens to the request that begins a task, and whether that is begun and out of reach then. */
const ofSubmission: readonly (readonly [string, HttpFault, isLost?: true])[] = [
  ['nothing', {}],
  ['the connection breaks off before the request is read', { breakOff: 'before' }],
  ['the connection breaks off when the task has begun', { breakOff: 'after' }, true],
  ['the answer is cut in the middle', { cutAtByte: 20 }, true],
  ['a proxy answers 502 when the task has begun', { answerAfter: html }, true],
  ['the answer comes later than `requestMs`', lateAnswer, true],
  ['the answer trickles', { trickle: { bytes: 50, everyMs: 1 } }],
  ['the answer is HTML', { answer: { status: 200, body: '<html>' } }],
];

const ofQuestion = ({ limited }: Queue): readonly (readonly [string, HttpFault])[] => [
  ['a question breaks off', { breakOff: 'before' }],
  ['the answer to a question is cut', { cutAtByte: 20 }],
  ['a proxy answers a question', { answer: html }],
  ['a question is turned away with 429', limited],
];

function faultsOf(queue: Queue, emulator: Emulator): Fault[] {
  const { isSubmission, isQuestion, isImage, refusals, isSeedless = false } = queue;
  /** By which a call that is sent again is known for the same. */
  const seed = (number: number) => (isSeedless ? {} : { request: { seed: number } });
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
  const submissions: readonly (readonly [string, HttpFault, true?])[] = [...ofSubmission, ...refusals];
  return [
    ...submissions.map(([name, fault, mayLose = false]) => ({
      name,
      mayLose,
      isLate: fault === lateAnswer,
      strike: () => atFirst(isSubmission, fault),
    })),
    ...ofQuestion(queue).map(([name, fault]) => ({ name, strike: () => atFirst(isQuestion, fault) })),
    ...(isImage
      ? [
          {
            name: 'the host of images answers 503 at first',
            strike: () => atFirst(isImage, { answer: { status: 503 } }),
          },
        ]
      : []),
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
      ...seed(7),
      strike: ({ kill }) => atFirst(isQuestion, {}, kill),
    },
    ...(isImage
      ? [
          {
            name: '`kill -9` when the image is fetched',
            ...seed(8),
            strike: ({ kill }: Stage) => atFirst(isImage, {}, kill),
          },
        ]
      : []),
  ];
}

type End = 'unpaid' | 'struck' | 'delivered';

/** What goes wrong at random with a request that begins a task, and what becomes of it. */
type Storm = readonly (readonly [HttpFault, End])[];

async function open(queue: Queue): Promise<Site> {
  const { isSubmission, isImage, limited, overloaded, isSeedless = false } = queue;
  const { emulator, options } = await queue.start();
  const storms: Storm = [
    [{ breakOff: 'before' }, 'unpaid'],
    [{ breakOff: 'after' }, 'struck'],
    [{ cutAtByte: 20 }, 'struck'],
    [{ answerAfter: html }, 'struck'],
    [limited, 'unpaid'],
    [overloaded, 'unpaid'],
    [{ delayMs: 150 }, 'delivered'],
    [{ trickle: { bytes: 50, everyMs: 1 } }, 'delivered'],
  ];
  /** Those of them after which nobody can doubt whether the task has begun. */
  const mildStorms = storms.filter(([fault, end]) => end !== 'struck' && fault.breakOff === undefined);
  const questions: readonly HttpFault[] = [...ofQuestion(queue).map(([, fault]) => fault), { delayMs: 100 }];
  const ends = new Map<SeenRequest, End>();
  const storm = (draw: () => number, faults: Storm): Script => {
    return (request) => {
      site.onRequest();
      const isStruck = draw() < 0.3;
      if (isImage?.(request)) return isStruck ? { delayMs: 100 } : undefined;
      if (!isSubmission(request)) return isStruck ? pick(draw, questions) : undefined;
      const [fault, end] = isStruck
        ? pick(draw, faults)
        : ([{ delayMs: draw() * 100 }, 'delivered'] as const);
      ends.set(request, end);
      return fault;
    };
  };
  const site: Site = {
    options: { ...options, requestMs: patientMs },
    isSeedless,
    isKnownById: isSeedless,
    get paid() {
      return emulator.paid;
    },
    faults: faultsOf(queue, emulator),
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
    drawRequest: (draw) => queue.drawRequest(draw),
    isLostWithProcess: true,
    account(prompt): Account {
      const counts: Record<End, number> = { unpaid: 0, struck: 0, delivered: 0 };
      for (const [request, end] of ends) {
        const submission = queue.read(request);
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

export const queueProvider = (queue: Queue): Provider => ({ ...queue, open: () => open(queue) });

const refusal = (status: number, detail: string): HttpFault => ({ answer: { status, body: { detail } } });
const limited = refusal(429, 'Request was throttled. Your rate limit resets in ~0.1s.');
const overloaded = refusal(503, 'The server is overloaded.');

/** Providers that take nothing else. */
export const queues: readonly Provider[] = queueProviders.map((provider) =>
  queueProvider({
    ...{ name: provider.id, plugin: provider.id, model: provider.model, secrets: provider.secrets },
    async start() {
      const emulator = await provider.start();
      return { emulator, options: provider.optionsFor(emulator) };
    },
    isSubmission: ({ method, path }) => method === 'POST' && provider.submit.test(path),
    isQuestion: ({ method, path }) => method === 'GET' && provider.ask.test(path),
    isImage: ({ path }) => path.startsWith('/images/'),
    // fal has its fields at the top, Replicate in `input`.
    read({ json }) {
      const body = json as { input?: { [name: string]: unknown } } & { [name: string]: unknown };
      const { prompt, num_images: images, num_outputs: outputs } = body.input ?? body;
      return { prompt, count: Number(images ?? outputs ?? 1) };
    },
    refusals: [
      ['429 with a pause in its words', limited],
      ['503 in its own words', overloaded],
      ['the key is refused', refusal(401, 'Authentication is required.')],
      ['there is no credit', refusal(402, 'Insufficient credit.')],
    ],
    ...{ limited, overloaded },
    drawRequest: (draw) =>
      draw() < 0.5 ? { width: 256, height: 256 } : { width: 256, height: 256, seed: 1 },
  }),
);
