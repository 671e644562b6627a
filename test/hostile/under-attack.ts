import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import type { ConfigurationInput } from '@easel/core';
import { expect } from 'vitest';
import { createServeFolder, type ServeCommand, serveFrom } from '../chaos/fixtures/serve-command.js';

/** What {@link file://./watcher.js} has seen at the worst. */
interface Worst {
  readonly healthzMs: number;
  readonly failures: number;
  readonly asked: number;
  readonly serverMib: number;
  readonly withPluginsMib: number;
}

export interface Attacked extends ServeCommand {
  /** The working directory of the command. */
  readonly folder: string;
}

export interface Setting {
  readonly configuration?: ConfigurationInput;
  /** Puts something into the folder before the server starts. */
  prepare?(folder: string): void;
}

/** Milliseconds in which every request is answered. */
export const answerMs = 45_000;

const jobsBefore = 12;
const post = (url: string, path: string, body: object) =>
  fetch(`${url}${path}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
const jsonOf = async <T>(response: Response) => (await response.json()) as T;

/** Jobs of the fixture and of the bundled model, some of which wait for others. */
async function submitJobs(url: string): Promise<string[]> {
  const ids: string[] = [];
  for (let index = 0; index < jobsBefore; index++) {
    const isBundled = index % 4 === 0;
    const body = isBundled
      ? { prompt: 'a yellow star at night', model: 'picturebook', size: '96x96', steps: 2 }
      : { prompt: 'a fixture', model: 'steady-one', provider_options: { steady: { delayMs: 1_000 } } };
    const accepted = await post(url, '/api/images/jobs', body);
    expect(accepted.status).toBe(202);
    ids.push((await jsonOf<{ id: string }>(accepted)).id);
  }
  return ids;
}

/** The state of a job, and its error where it has one. */
const stateOf = async (url: string, id: string) => {
  const { state, error } = await jsonOf<{ state: string; error?: { message: string } }>(
    await fetch(`${url}/api/images/jobs/${id}`),
  );
  return error ? `${state}: ${error.message}` : state;
};

/**
 * Lets a real server be attacked, and holds it to what is promised: it answers `/healthz` within a second
 * throughout, stays within its memory, and has done afterwards what it had accepted before.
 */
export async function underAttack(
  name: string,
  attack: (server: Attacked) => Promise<object | undefined>,
  { configuration = {}, prepare }: Setting = {},
): Promise<void> {
  const folder = await createServeFolder({
    plugins: { chaos: { enabled: false }, steady: { runtime: { concurrency: 50, queue: 10_000 } } },
    ...configuration,
  });
  prepare?.(folder);
  const server = await serveFrom(folder);
  const { child, url } = server;
  const jobs = await submitJobs(url);
  // Whatever is done once when a server starts is over then.
  const [first = ''] = jobs;
  await expect.poll(() => stateOf(url, first), { timeout: 60_000, interval: 100 }).toBe('succeeded');
  const watcher = new Worker(new URL('watcher.js', import.meta.url), { workerData: { url, pid: child.pid } });
  let told: object | undefined;
  let worst: Worst | undefined;
  try {
    told = await attack({ ...server, folder });
    for (const id of jobs)
      await expect.poll(() => stateOf(url, id), { timeout: 60_000, interval: 200 }).toBe('succeeded');
    const made = await post(url, '/v1/images/generations', { prompt: 'a fixture', model: 'steady-one' });
    expect(made.status).toBe(200);
  } finally {
    watcher.postMessage('end');
    [worst] = (await once(watcher, 'message')) as [Worst];
    console.log(`${name}: ${JSON.stringify({ ...told, ...worst })}`);
  }
  expect(child.exitCode).toBeNull();
  expect(worst.failures).toBe(0);
  expect(worst.healthzMs).toBeLessThan(2_000);
  expect(worst.serverMib).toBeLessThan(1_000);
  expect(worst.withPluginsMib).toBeLessThan(2_000);
}
