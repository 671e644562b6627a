import { once } from 'node:events';
import { expect, onTestFinished } from 'vitest';
import {
  type RunwareEmulator,
  runwareKey,
  startRunwareEmulator,
} from '../../plugins/runware/src/emulator/index.js';
import { createServeFolder, type ServeCommand, serveFrom } from '../chaos/fixtures/serve-command.js';

export interface JobAnswer {
  readonly id: string;
  readonly state: string;
  readonly error?: { code: string; message: string };
  readonly result?: { images: { url: string }[]; provenance: { parameters: { seed?: number } } };
}

/** A folder that several servers keep their things in, in front of a provider that counts what it is paid. */
export interface SharedFolder {
  readonly emulator: RunwareEmulator;
  readonly folder: string;
  serve(prefix?: readonly string[]): Promise<ServeCommand>;
  /** Lets all images be made that were held. */
  finish(): void;
}

/** @param work milliseconds that each image takes; `held` until the test has them finished */
export async function createSharedFolder(work: number | 'held', jobsAtOnce = 8): Promise<SharedFolder> {
  let finish = () => {};
  const until = new Promise<void>((resolve) => {
    finish = resolve;
  });
  const emulator = await startRunwareEmulator({
    script({ taskType }) {
      if (taskType !== 'imageInference') return undefined;
      return work === 'held' ? { until } : { workMs: work };
    },
  });
  onTestFinished(() => emulator.close());
  const folder = await createServeFolder({
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
    server: { jobsAtOnce },
  });
  const environment = { RUNWARE_API_KEY: runwareKey, HOME: folder };
  return { emulator, folder, finish, serve: (prefix = []) => serveFrom(folder, { environment, prefix }) };
}

export async function submitJob({ url }: ServeCommand, number: number): Promise<string> {
  const response = await fetch(`${url}/api/images/jobs`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ prompt: `job ${number}`, size: '128x128' }),
  });
  expect(response.status).toBe(202);
  return ((await response.json()) as JobAnswer).id;
}

export const submitJobs = async (server: ServeCommand, count: number): Promise<string[]> =>
  await Promise.all(Array.from({ length: count }, (_, number) => submitJob(server, number)));

export const jobOf = async ({ url }: ServeCommand, id: string): Promise<JobAnswer> =>
  (await (await fetch(`${url}/api/images/jobs/${id}`)).json()) as JobAnswer;

/** The state of each job, in their order. */
export const statesOf = async (server: ServeCommand, ids: readonly string[]): Promise<string[]> =>
  await Promise.all(ids.map(async (id) => (await jobOf(server, id)).state));

export async function endServer({ child }: ServeCommand, signal: NodeJS.Signals): Promise<void> {
  const exited = once(child, 'exit');
  child.kill(signal);
  await exited;
}

export const all = (state: string, ids: readonly string[]): string[] => ids.map(() => state);
