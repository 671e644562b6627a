import type { Fault as HttpFault, SeenRequest } from '@easel/plugin-sdk/emulator';
import {
  type BatchCourse,
  openAiError,
  type ParasailEmulator,
  parasailKey,
  startParasailEmulator,
  tooManyRequests,
  unavailable,
} from '../../plugins/parasail/src/emulator/index.js';
import { type Fault, type Provider, pick, type Site } from './site.js';

type Kind = readonly [method: string, path: RegExp];
const upload: Kind = ['POST', /\/files$/];
const creation: Kind = ['POST', /\/batches$/];
const look: Kind = ['GET', /\/batches\/batch_\d+$/];
const content: Kind = ['GET', /\/content$/];
const directly: Kind = ['POST', /\/images\/generations$/];
const refusal = openAiError(400, { message: 'Not this one.', type: 'x', code: 'content_policy_violation' });
const revoked = openAiError(401, { message: 'The key was revoked.', type: 'invalid_request_error' });

/** What happens to the first request of a kind. */
const ofRequest: readonly (readonly [string, Kind, HttpFault])[] = [
  ['nothing', look, {}],
  ['429 to the upload', upload, { answer: tooManyRequests('0.1') }],
  ['the upload breaks off', upload, { breakOff: 'before' }],
  ['the upload is taken and has no answer', upload, { breakOff: 'after' }],
  ['429 to the batch', creation, { answer: tooManyRequests() }],
  ['500 to the batch', creation, { answer: unavailable(500) }],
  ['the batch breaks off before it is taken', creation, { breakOff: 'before' }],
  ['the batch is taken and has no answer', creation, { breakOff: 'after' }],
  ['the batch is taken, and a proxy answers 502', creation, { answerAfter: unavailable(502) }],
  ['the batch is refused', creation, { answer: refusal }],
  ['503 to a look at the batch', look, { answer: unavailable(503) }],
  ['a look at the batch breaks off', look, { breakOff: 'before' }],
  ['the key is revoked on the way', look, { answer: revoked }],
  ['the output file is cut', content, { cutAtByte: 300 }],
  ['the output file trickles', content, { trickle: { bytes: 64, everyMs: 1 } }],
  ['503 to the output file', content, { answer: unavailable(503) }],
];

/** What becomes of the first batch. */
const ofBatch: readonly (readonly [string, BatchCourse, mayLose?: true])[] = [
  ['the output is in another order', { order: 'reversed' }],
  ['the batch expires with one of three pictures', { expiresAfter: 1 }],
  [
    'the validation finds the second line wrong',
    { problems: [{ code: 'invalid_value', line: 2, message: 'Wrong.', param: null }] },
  ],
  ['Parasail loses the output file', { losesFiles: true }, true],
];

const direct = { providerOptions: { parasail: { delivery: 'direct' } } };
/** What happens to the first direct request; a picture whose answer does not arrive cannot be asked for. */
const ofDirect: readonly (readonly [string, HttpFault, mayLose?: true])[] = [
  ['directly: 429', { answer: tooManyRequests('0.1') }],
  ['directly: breaks off before the request is read', { breakOff: 'before' }],
  ['directly: breaks off when the picture is made', { breakOff: 'after' }, true],
  [
    'directly: a proxy answers 502 when the picture is made',
    { answerAfter: { status: 502, body: '<html>' } },
    true,
  ],
];

function faultsOf(emulator: ParasailEmulator): Fault[] {
  const atFirst = ([method, path]: Kind, fault: HttpFault, act = () => {}, number = 1) => {
    let seen = 0;
    emulator.script = (request) => {
      if (request.method !== method || !path.test(request.path) || ++seen !== number) return undefined;
      act();
      return fault;
    };
  };
  const seed = 7;
  const batch = { n: 3, seed };
  const killed = (name: string, kind: Kind, fault: HttpFault): Fault => ({
    name: `\`kill -9\` ${name}`,
    request: batch,
    strike: ({ kill }) => atFirst(kind, fault, kill),
  });
  const [before, after] = [{ breakOff: 'before' }, { breakOff: 'after' }] as const;
  return [
    ...ofRequest.map(([name, kind, fault]) => ({
      name,
      request: { seed },
      strike: () => atFirst(kind, fault),
    })),
    ...ofBatch.map(([name, course, mayLose = false]) => ({
      ...{ name, request: batch, mayLose },
      strike() {
        const first = emulator.batches.size;
        emulator.course = (index) => (index === first ? course : {});
      },
    })),
    killed('before the upload is taken', upload, before),
    killed('when the upload is taken', upload, after),
    killed('before the batch is taken', creation, before),
    killed('when the batch is taken', creation, after),
    killed('when the batch is looked at', look, before),
    killed('before the output file is read', content, before),
    ...ofDirect.map(([name, fault, mayLose = false]) => ({
      ...{ name, request: { seed, ...direct }, mayLose },
      strike: () => atFirst(directly, fault),
    })),
    {
      name: 'directly: of two pictures one is limited, the other breaks off',
      request: { n: 2, seed, ...direct },
      mayLose: true,
      strike() {
        let seen = 0;
        emulator.script = ({ method, path }) => {
          if (method !== directly[0] || !directly[1].test(path) || ++seen > 2) return undefined;
          return seen === 1 ? { answer: tooManyRequests('0.1') } : { breakOff: 'after' };
        };
      },
    },
    {
      name: 'directly: `kill -9` while the picture is made',
      request: { seed, ...direct },
      mayLose: true,
      strike: ({ kill }) => atFirst(directly, {}, kill),
    },
  ];
}

/** What goes wrong at random. Nothing of it keeps a picture from being made in the end. */
const storms: readonly HttpFault[] = [
  { answer: unavailable(503) },
  { answer: tooManyRequests('0.05') },
  { breakOff: 'before' },
  { breakOff: 'after' },
  { answerAfter: unavailable(502) },
  { cutAtByte: 200 },
  { delayMs: 60 },
  { trickle: { bytes: 300, everyMs: 1 } },
];

async function open(): Promise<Site> {
  const emulator = await startParasailEmulator();
  const site: Site = {
    options: {
      baseUrl: emulator.url,
      // Milliseconds, where the real ones are of seconds.
      ...{ gatherMs: 60, firstPollMs: 10, longestPollMs: 60, settleMs: 500, requestMs: 2_000 },
    },
    get paid() {
      return emulator.paid;
    },
    faults: faultsOf(emulator),
    onRequest: () => {},
    storm(draw) {
      emulator.course = () => ({ perLineMs: draw() * 60, order: 'shuffled' });
      emulator.script = (_: SeenRequest) => {
        site.onRequest();
        return draw() < 0.3 ? pick(draw, storms) : undefined;
      };
    },
    calm() {
      emulator.course = () => ({});
      emulator.script = () => {
        site.onRequest();
        return undefined;
      };
    },
    drawRequest: () => ({}),
    restart: (downMs) => emulator.restart(downMs),
    close: () => emulator.close(),
  };
  return site;
}

export const parasail: Provider = {
  id: 'parasail',
  model: 'emulated-flux',
  secrets: { PARASAIL_API_KEY: parasailKey },
  open,
};
