import {
  type BatchCourse,
  geminiKey,
  googleError,
  rateLimited,
  startGeminiEmulator,
} from '../../plugins/gemini/src/emulator/index.js';
import { type BatchFaults, batchFaults, batchSite, type Kind } from './batch-site.js';
import type { Provider, Site } from './site.js';

/** An upload is two requests: one that begins it, and one with the bytes. */
const upload: Kind = ['POST', /^\/upload\/v1beta\/files$/];
const creation: Kind = ['POST', /:batchGenerateContent$/];
const look: Kind = ['GET', /\/batches\/emulated\d+$/];
const results: Kind = ['GET', /:download$/];
const unavailable = (status = 503) => googleError(status, 'UNAVAILABLE', 'The model is overloaded.');
const revoked = googleError(403, 'PERMISSION_DENIED', 'The key was revoked.');
const refused = googleError(400, 'INVALID_ARGUMENT', 'Not this one.');

const byBatch: BatchFaults<BatchCourse> = {
  kinds: { upload, creation, look, results },
  ofRequest: [
    ['nothing', look, {}],
    ['429 to the upload', upload, { answer: rateLimited({ retryDelay: '0.1s' }) }],
    ['the upload breaks off', upload, { breakOff: 'before' }],
    ['the upload has begun and has no answer', upload, { breakOff: 'after' }],
    ['429 to the batch', creation, { answer: rateLimited() }],
    ['500 to the batch', creation, { answer: unavailable(500) }],
    ['the batch breaks off before it is taken', creation, { breakOff: 'before' }],
    ['the batch is taken and has no answer', creation, { breakOff: 'after' }],
    ['the batch is taken, and a proxy answers 502', creation, { answerAfter: unavailable(502) }],
    ['the batch is refused', creation, { answer: refused }],
    ['503 to a look at the batch', look, { answer: unavailable() }],
    ['a look at the batch breaks off', look, { breakOff: 'before' }],
    ['the key is revoked on the way', look, { answer: revoked }],
    ['the file of results is cut', results, { cutAtByte: 300 }],
    ['the file of results trickles', results, { trickle: { bytes: 2_000, everyMs: 1 } }],
    ['503 to the file of results', results, { answer: unavailable() }],
  ],
  ofBatch: [
    ['the results are in another order', { order: 'reversed' }],
    ['the batch expires with one of three pictures', { expiresAfter: 1 }],
    ['the batch fails as a whole', { failure: { code: 13, message: 'Internal error.' } }],
    [
      'the second of three pictures is held back',
      { outcome: (_, index) => (index === 1 ? { refuse: { finishReason: 'IMAGE_SAFETY' } } : undefined) },
    ],
    [
      'the second of three lines fails',
      {
        outcome: (_, index) =>
          index === 1 ? { error: { code: 8, message: 'Resource exhausted.' } } : undefined,
      },
    ],
    ['Google loses the file of results', { losesFiles: true }, true],
  ],
};

async function open(): Promise<Site> {
  const emulator = await startGeminiEmulator();
  const calmCourse = {};
  const size = { width: 512, height: 512 };
  const faults = batchFaults(emulator, byBatch, calmCourse);
  return batchSite(emulator, {
    options: { baseUrl: emulator.url, delivery: 'batch' },
    faults: faults.map((fault) => ({ ...fault, request: { ...size, ...fault.request, seed: undefined } })),
    sayings: {
      unavailable: unavailable(),
      limited: rateLimited({ retryDelay: '0.05s' }),
      badGateway: unavailable(502),
    },
    drawCourse: (draw) => ({ perLineMs: draw() * 60, order: 'shuffled' }),
    calmCourse,
    drawRequest: () => size,
    isSeedless: true,
  });
}

/** Gemini, whose pictures are made in batches. */
export const geminiBatch: Provider = {
  name: 'gemini-batch',
  plugin: 'gemini',
  model: 'gemini-3.1-flash-image',
  secrets: { GEMINI_API_KEY: geminiKey },
  open,
};
