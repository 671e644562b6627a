import type { Fault as HttpFault } from '@easel/plugin-sdk/emulator';
import {
  type BatchCourse,
  openAiError,
  type ParasailEmulator,
  parasailKey,
  startParasailEmulator,
  tooManyRequests,
  unavailable,
} from '../../plugins/parasail/src/emulator/index.js';
import { atFirst, type BatchFaults, batchFaults, batchSite, type Kind } from './batch-site.js';
import { type Fault, type Provider, pick, type Site } from './site.js';

const upload: Kind = ['POST', /\/files$/];
const creation: Kind = ['POST', /\/batches$/];
const look: Kind = ['GET', /\/batches\/batch_\d+$/];
const results: Kind = ['GET', /\/content$/];
const directly: Kind = ['POST', /\/images\/generations$/];
const refusal = openAiError(400, { message: 'Not this one.', type: 'x', code: 'content_policy_violation' });
const revoked = openAiError(401, { message: 'The key was revoked.', type: 'invalid_request_error' });

const byBatch: BatchFaults<BatchCourse> = {
  kinds: { upload, creation, look, results },
  ofRequest: [
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
    ['the output file is cut', results, { cutAtByte: 300 }],
    ['the output file trickles', results, { trickle: { bytes: 64, everyMs: 1 } }],
    ['503 to the output file', results, { answer: unavailable(503) }],
  ],
  ofBatch: [
    ['the output is in another order', { order: 'reversed' }],
    ['the batch expires with one of three pictures', { expiresAfter: 1 }],
    [
      'the validation finds the second line wrong',
      { problems: [{ code: 'invalid_value', line: 2, message: 'Wrong.', param: null }] },
    ],
    ['Parasail loses the output file', { losesFiles: true }, true],
  ],
};

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

function directFaults(emulator: ParasailEmulator): Fault[] {
  const seed = 7;
  return [
    ...ofDirect.map(([name, fault, mayLose = false]) => ({
      ...{ name, request: { seed, ...direct }, mayLose },
      strike: () => atFirst(emulator, directly, fault),
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
      strike: ({ kill }) => atFirst(emulator, directly, {}, kill),
    },
  ];
}

async function open(): Promise<Site> {
  const emulator = await startParasailEmulator();
  const calmCourse = {};
  return batchSite(emulator, {
    options: { baseUrl: emulator.url },
    faults: [...batchFaults(emulator, byBatch, calmCourse), ...directFaults(emulator)],
    sayings: {
      unavailable: unavailable(503),
      limited: tooManyRequests('0.05'),
      badGateway: unavailable(502),
    },
    drawCourse: (draw) => ({ perLineMs: draw() * 60, order: 'shuffled' }),
    calmCourse,
  });
}

/** The same, with every call made directly. */
async function openDirectly(): Promise<Site> {
  const emulator = await startParasailEmulator();
  const mild: readonly HttpFault[] = [
    { answer: tooManyRequests('0.05') },
    { answer: unavailable(503) },
    { delayMs: 150 },
    { trickle: { bytes: 2_000, everyMs: 1 } },
  ];
  const site: Site = {
    ...batchSite(emulator, {
      options: { baseUrl: emulator.url, allowPrivateAddresses: true },
      faults: [],
      sayings: {
        unavailable: unavailable(503),
        limited: tooManyRequests('0.05'),
        badGateway: unavailable(502),
      },
      drawCourse: () => ({}),
      calmCourse: {},
      drawRequest: () => direct,
    }),
    get paid() {
      return emulator.paid;
    },
    isLostWithProcess: true,
    mildStorm(draw) {
      emulator.script = () => {
        site.onRequest();
        return draw() < 0.3 ? pick(draw, mild) : { delayMs: draw() * 400 };
      };
    },
  };
  return site;
}

export const parasailDirect: Provider = {
  name: 'parasail-direct',
  plugin: 'parasail',
  model: 'emulated-flux',
  secrets: { PARASAIL_API_KEY: parasailKey },
  open: openDirectly,
};

export const parasail: Provider = {
  name: 'parasail',
  plugin: 'parasail',
  model: 'emulated-flux',
  secrets: { PARASAIL_API_KEY: parasailKey },
  open,
};
