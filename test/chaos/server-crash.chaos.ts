import { once } from 'node:events';
import { setTimeout as pause } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { seeded } from '../fixtures/seeded.js';
import { createServeFolder, serveFrom } from './fixtures/serve-command.js';

const jobCount = 500;
const kills = 20;
const seed = 20_261_123;

interface Job {
  readonly id: string;
  readonly state: string;
  readonly result?: {
    images: { url: string; name: string }[];
    provenance: { parameters: { prompt: string } };
  };
}

it(`${kills} kills of the server while ${jobCount} jobs run lose none, and do none twice`, async () => {
  const random = seeded(seed);
  const folder = await createServeFolder({
    plugins: { steady: { runtime: { concurrency: 20, queue: 1_000 } } },
    server: { jobsAtOnce: 40 },
  });
  const accepted = new Map<string, string>();
  let next = 0;
  let { child, url } = await serveFrom(folder);

  /**
   * Sends jobs until there are so many, or the server is gone; what was not answered is sent again, under the
   * same key.
   */
  const submit = async (upTo: number) => {
    while (next < upTo) {
      const number = next;
      const body = {
        prompt: `job ${number}`,
        provider_options: { steady: { delayMs: 50 + Math.floor(random() * 400) } },
      };
      const response = await fetch(`${url}/api/images/jobs`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', 'idempotency-key': `job-${number}` },
        body: JSON.stringify(body),
      }).catch(() => undefined);
      if (!response) return;
      // The body differs from an unanswered try's by its delay, so that a job that had been accepted shows.
      if (response.status !== 202 && response.status !== 422) throw new Error(`answered ${response.status}`);
      if (response.status === 202) {
        const { id } = (await response.json().catch(() => ({}))) as Partial<Job>;
        if (id === undefined) return;
        accepted.set(id, body.prompt);
      }
      next = Math.max(next, number + 1);
    }
  };
  for (let kill = 0; kill < kills; kill++) {
    // So many at a time that every kill finds some at work.
    const submitting = submit((jobCount / kills) * (kill + 1));
    await pause(100 + random() * 500);
    child.kill('SIGKILL');
    await once(child, 'close');
    await submitting;
    ({ child, url } = await serveFrom(folder));
  }
  await submit(jobCount);
  expect(next).toBe(jobCount);

  const list = async () =>
    ((await (await fetch(`${url}/api/images/jobs?limit=1000`)).json()) as { jobs: Job[] }).jobs;
  await expect
    .poll(
      async () => (await list()).filter(({ state }) => state === 'queued' || state === 'running').length,
      {
        timeout: 120_000,
        interval: 500,
      },
    )
    .toBe(0);
  const jobs = await list();
  console.log(`${jobs.length} jobs, ${accepted.size} of them answered at once, over ${kills} kills`);
  expect(jobs).toHaveLength(jobCount);
  expect(new Set(jobs.map(({ result }) => result?.provenance.parameters.prompt)).size).toBe(jobCount);
  for (const { id, state, result } of jobs) {
    expect(state).toBe('succeeded');
    expect(result?.images).toHaveLength(1);
    const prompt = accepted.get(id);
    if (prompt !== undefined) expect(result?.provenance.parameters.prompt).toBe(prompt);
  }
  const [picture] = jobs[0]?.result?.images ?? [];
  expect((await fetch(picture?.url ?? '')).status).toBe(200);
});
