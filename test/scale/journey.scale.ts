import { readFile } from 'node:fs/promises';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { parse } from 'yaml';
import { z } from 'zod';
import type { JobAnswer } from './fixtures/jobs.js';
import { createWorld, type Server, type World } from './fixtures/world.js';

const composeSchema = z.object({
  services: z.record(
    z.string(),
    z.object({
      environment: z
        .object({ EASEL_ROLE: z.enum(['gateway', 'worker']), EASEL_SCALE: z.string() })
        .optional(),
    }),
  ),
});
/** What each service of the compose file that is Easel has in its environment. */
async function readCompose() {
  const text = await readFile(new URL('../../deploy/scale/compose.yaml', import.meta.url), 'utf8');
  const { services } = composeSchema.parse(parse(text, { merge: true }));
  return Object.values(services).flatMap(({ environment }) => environment ?? []);
}

let world: World;
let first: Server;
let second: Server;
let worker: Server;

beforeAll(async () => {
  world = await createWorld();
  const services = await readCompose();
  expect(services.map(({ EASEL_ROLE: role }) => role)).toEqual(['gateway', 'gateway', 'worker', 'worker']);
  // One worker is enough here.
  [first, second, worker] = (await Promise.all(
    services.slice(0, 3).map(({ EASEL_ROLE: role, EASEL_SCALE: settings }) => {
      const scale = settings
        .replace('redis:6379', `127.0.0.1:${world.redisPort}`)
        .replace('http://s3:5000', world.s3.endpoint)
        .replace('"bucket": "easel"', `"bucket": "${world.s3.bucket}"`);
      return world.serve(role, {
        ...{ pluginFolders: [], catalogueFolders: [], currentModel: 'picturebook' },
        scale: z.record(z.string(), z.json()).parse(JSON.parse(scale)),
      });
    }),
  )) as [Server, Server, Server];
});
afterAll(async () => await world?.close());

const headers = { 'content-type': 'application/json' };
const post = async (url: string, body: object, more: Record<string, string> = {}) =>
  await fetch(url, { method: 'POST', headers: { ...headers, ...more }, body: JSON.stringify(body) });

it('an image that is asked of a gateway is made by a worker, and read at another gateway', async () => {
  const response = await post(`${first.url}/api/images/generate`, {
    prompt: 'a yellow star at night',
    seed: 7,
  });
  const made = (await response.json()) as { success: boolean; image_url: string };
  expect(made.success, JSON.stringify(made)).toBe(true);
  const { pathname } = new URL(made.image_url);
  const [here, there] = await Promise.all(
    [first, second].map(async ({ url }) => Buffer.from(await (await fetch(url + pathname)).arrayBuffer())),
  );
  expect(here?.subarray(1, 4).toString()).toBe('PNG');
  expect(there).toEqual(here);
});

it('a job with a key is one job, at whichever gateway it is submitted', async () => {
  const body = { prompt: 'a red house', seed: 3 };
  const answers = await Promise.all(
    [first, second, first, second].map(
      async ({ url }) =>
        (await (
          await post(`${url}/api/images/jobs`, body, { 'idempotency-key': 'once' })
        ).json()) as JobAnswer,
    ),
  );
  const [{ id } = { id: '' }] = answers;
  expect(answers.map((answer) => answer.id)).toEqual([id, id, id, id]);
  const jobAt = async ({ url }: Server) =>
    (await (await fetch(`${url}/api/images/jobs/${id}`)).json()) as JobAnswer;
  await expect.poll(async () => (await jobAt(second)).state).toBe('succeeded');
  expect((await jobAt(first)).result?.images).toHaveLength(1);
  expect(worker.child.exitCode).toBeNull();
});
