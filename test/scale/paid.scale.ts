import { afterAll, beforeAll, expect, it } from 'vitest';
import { rateLimited } from '../../plugins/runware/src/emulator/errors.js';
import {
  type RunwareEmulator,
  runwareKey,
  startRunwareEmulator,
} from '../../plugins/runware/src/emulator/index.js';
import { createWorld, type Server, type World } from './fixtures/world.js';

interface JobAnswer {
  readonly id: string;
  readonly state: string;
  readonly error?: { readonly code: string; readonly mayBePaid?: boolean };
}

/** Milliseconds that the provider works on an image. */
let workMs = 3_000;
/** Requests that the provider has no room for from now on. */
let refusals = 0;
let emulator: RunwareEmulator;
let world: World;
let gateway: Server;
let workers: Server[];

beforeAll(async () => {
  emulator = await startRunwareEmulator({
    script: ({ taskType }) => {
      if (taskType !== 'imageInference') return undefined;
      return refusals > 0 && refusals-- > 0 ? { refuse: rateLimited } : { workMs };
    },
  });
  world = await createWorld({ RUNWARE_API_KEY: runwareKey });
  [gateway, ...workers] = (await Promise.all([
    world.serve('gateway', configuration()),
    world.serve('worker', configuration()),
    world.serve('worker', configuration()),
  ])) as [Server, Server, Server];
});
afterAll(async () => {
  await world?.close();
  await emulator?.close();
});

/** @param returnSeconds that a job waits for the worker on which it may have been paid */
const configuration = (returnSeconds = 120) => ({
  scale: { ...world.scale, returnSeconds },
  pluginFolders: [],
  catalogueFolders: [],
  currentModel: 'runware-sdxl',
  plugins: {
    runware: {
      options: {
        ...{ webSocketUrl: emulator.url, httpUrl: emulator.httpUrl, allowPrivateAddresses: true },
        ...{ firstPollMs: 50, longestPollMs: 200, answerMs: 1_000 },
      },
    },
  },
});

async function submit(number: number): Promise<string> {
  const response = await fetch(`${gateway.url}/api/images/jobs`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ prompt: `job ${number}`, size: '128x128' }),
  });
  return ((await response.json()) as JobAnswer).id;
}
const jobOf = async (id: string): Promise<JobAnswer> =>
  (await (await fetch(`${gateway.url}/api/images/jobs/${id}`)).json()) as JobAnswer;
const statesOf = async (ids: readonly string[]) =>
  await Promise.all(ids.map(async (id) => (await jobOf(id)).state));
const sent = () => emulator.sent('imageInference').length;

it('a worker that is killed and comes back takes up what was paid, and nothing is paid twice', async () => {
  const ids = await Promise.all(Array.from({ length: 4 }, (_, number) => submit(number)));
  await expect.poll(sent).toBe(4);
  workers = await Promise.all(
    workers.map(async (worker) => {
      await worker.end('SIGKILL');
      return await worker.again();
    }),
  );
  await expect.poll(() => statesOf(ids)).toEqual(ids.map(() => 'succeeded'));
  expect(emulator.paid).toBe(4);
});

it('a job that the queue brings again to the worker that works on it is not paid twice', async () => {
  for (const other of workers.splice(1)) await other.end('SIGTERM');
  const before = emulator.paid;
  const id = await submit(4);
  await expect.poll(sent).toBe(before + 1);
  await world.loseLease(id);
  // The queue looks for what it has to bring when something comes in.
  const ids = [id, await submit(5)];
  await expect.poll(() => statesOf(ids)).toEqual(ids.map(() => 'succeeded'));
  expect(emulator.paid).toBe(before + 2);
});

it('a job that a worker may have paid for before it was lost fails, and is not paid again', async () => {
  // It is killed long before the image is made.
  workMs = 60_000;
  const before = emulator.paid;
  const id = await submit(6);
  await expect.poll(sent).toBe(before + 1);
  for (const worker of workers) await worker.end('SIGKILL');
  await world.serve('worker', configuration(5));
  await expect.poll(async () => (await jobOf(id)).state).toBe('failed');
  expect((await jobOf(id)).error).toMatchObject({ code: 'ERR_PROVIDER_BAD_RESPONSE', mayBePaid: true });
  expect(emulator.paid).toBe(before + 1);
});

it('a job that its provider has no room for waits, and is made once by any worker', async () => {
  workMs = 100;
  const other = await world.serve('worker', configuration());
  const before = emulator.paid;
  // As often as the kernel asks, so that the job is given back to the queue.
  refusals = 3;
  const id = await submit(7);
  await expect.poll(async () => (await jobOf(id)).state).toBe('succeeded');
  expect(refusals).toBe(0);
  expect(emulator.paid).toBe(before + 1);
  await other.end('SIGTERM');
});
