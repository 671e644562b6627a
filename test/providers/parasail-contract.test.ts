import { readModel, testPlugin } from '@easel/plugin-sdk/testing';
import { afterAll } from 'vitest';
import { parasailKey, startParasailEmulator } from '../../plugins/parasail/src/emulator/index.js';

const at = (relative: string) => new URL(`../../${relative}`, import.meta.url);

/** Whether the host of images fails. */
let isHostDown = false;
/**
 * Batches that have "slowly" in them are not done before a test is over; all else that refuses is content.
 */
const emulator = await startParasailEmulator({
  course: () => ({
    outcome: ({ body }) =>
      body.prompt.includes('a forbidden thing')
        ? { status: 400, error: { message: 'Not this one.', code: 'content_policy_violation' } }
        : undefined,
  }),
  script: ({ path, body }) => {
    if (isHostDown && path.startsWith('/images/')) return { answer: { status: 503 } };
    return path.endsWith('/files') && body.includes('slowly') ? { delayMs: 4_000 } : undefined;
  },
});
afterAll(() => emulator.close());

const provider = {
  paid: () => emulator.paid,
  loseImages(areLost: boolean) {
    emulator.images.isUsed = areLost;
    isHostDown = areLost;
  },
};
const config = {
  baseUrl: emulator.url,
  gatherMs: 20,
  firstPollMs: 10,
  longestPollMs: 30,
  settleMs: 100,
  requestMs: 2_000,
  allowPrivateAddresses: true,
};
const model = readModel(at('test/fixtures/parasail-catalogue/emulated-flux.json'));
const secrets = { PARASAIL_API_KEY: parasailKey };

testPlugin({
  name: 'parasail, by batch',
  provider,
  folder: at('plugins/parasail/'),
  config,
  refusedConfig: { firstPollMs: 100, longestPollMs: 10 },
  // A seed is passed on; that the same one makes the same bytes is up to the model, and the emulator counts
  // its pictures.
  model: { ...model, supports: { ...model.supports, seed: false } },
  secrets,
  slow: { prompt: 'a snail, slowly' },
  failures: [{ request: { prompt: 'a forbidden thing' }, code: 'ERR_CONTENT_REFUSED' }],
});

testPlugin({
  name: 'parasail, directly',
  provider,
  folder: at('plugins/parasail/'),
  config,
  refusedConfig: { fullAt: 0 },
  model: {
    ...model,
    supports: { ...model.supports, seed: false },
    options: { ...model.options, delivery: 'direct' },
  },
  secrets,
  failures: [
    { request: { options: { delivery: 'batch', batchEndpoints: {} } }, code: 'ERR_REQUEST_INVALID' },
  ],
});
