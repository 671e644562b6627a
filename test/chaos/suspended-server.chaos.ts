import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { createSharedFolder, jobOf, statesOf, submitJob } from '../jobs/shared-folder.js';

const soon = { timeout: 100_000, interval: 200 };
/** Starts a program in a space of process ids of its own, as containers have; takes root. */
const contained = ['unshare', '--pid', '--fork', '--kill-child', '--mount-proc'];

/** The process that a program has started. */
const childOf = (pid: number): number =>
  Number(readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim().split(' ')[0]);

it('the job of a suspended server in another container is taken over, and what it did is stopped and changes nothing when it comes back', async () => {
  const { emulator, serve } = await createSharedFolder(60_000, 1);
  const first = await serve(contained);
  const id = await submitJob(first, 1);
  await expect.poll(() => emulator.sent('imageInference').length, soon).toBe(1);
  const second = await serve(contained);
  const suspended = childOf(first.child.pid ?? 0);
  process.kill(suspended, 'SIGSTOP');
  const stoppedAt = performance.now();
  const startedAt = async () => ((await jobOf(second, id)) as { started_at?: string }).started_at;
  const before = await startedAt();
  await expect.poll(startedAt, soon).not.toBe(before);
  const takenOverMs = performance.now() - stoppedAt;
  console.log(`taken over after ${Math.round(takenOverMs / 1_000)} s`);
  expect(takenOverMs).toBeGreaterThan(25_000);
  expect(takenOverMs).toBeLessThan(60_000);
  process.kill(suspended, 'SIGCONT');
  const inFlight = async () => {
    const health = await (await fetch(`${first.url}/api/health/images`)).json();
    const { plugins } = health as { plugins: { id: string; inFlight: number }[] };
    return plugins.find((plugin) => plugin.id === 'runware')?.inFlight;
  };
  await expect.poll(inFlight, soon).toBe(0);
  expect(await statesOf(first, [id])).toEqual(['running']);
  await expect.poll(() => statesOf(first, [id]), soon).toEqual(['succeeded']);
  expect(emulator.paid).toBe(1);
  // It is a server like any other again.
  const next = await submitJob(first, 2);
  expect(await statesOf(second, [next])).not.toEqual(['failed']);
});
