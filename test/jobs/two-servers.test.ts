import { expect, it } from 'vitest';
import {
  all,
  createSharedFolder,
  endServer,
  jobOf,
  statesOf,
  submitJob,
  submitJobs,
} from './shared-folder.js';

const soon = { timeout: 60_000, interval: 100 };

it('a second server does not touch what the first one does, and both do what waits', async () => {
  const { emulator, serve } = await createSharedFolder(1_500, 2);
  const first = await serve();
  const ids = await submitJobs(first, 6);
  await expect.poll(() => emulator.sent('imageInference').length, soon).toBe(2);
  const second = await serve();
  await expect.poll(() => emulator.sent('imageInference').length, soon).toBeGreaterThanOrEqual(4);
  await expect.poll(() => statesOf(second, ids), soon).toEqual(all('succeeded', ids));
  expect(emulator.paid).toBe(6);
});

it('what a killed server did is finished by another that runs, and paid once', async () => {
  const { emulator, serve } = await createSharedFolder(2_000, 3);
  const first = await serve();
  const ids = await submitJobs(first, 3);
  await expect.poll(() => emulator.sent('imageInference').length, soon).toBe(3);
  const second = await serve();
  await endServer(first, 'SIGKILL');
  await expect.poll(() => statesOf(second, ids), soon).toEqual(all('succeeded', ids));
  expect(emulator.paid).toBe(3);
});

it.each(['SIGTERM', 'SIGKILL'] as const)(
  'what a server did when it got %s is finished by the next one, and paid once',
  async (signal) => {
    const { emulator, serve, finish } = await createSharedFolder('held');
    const first = await serve();
    const ids = await submitJobs(first, 4);
    await expect.poll(() => emulator.sent('imageInference').length, soon).toBe(4);
    await endServer(first, signal);
    const next = await serve();
    finish();
    await expect.poll(() => statesOf(next, ids), soon).toEqual(all('succeeded', ids));
    expect(emulator.paid).toBe(4);
  },
  120_000,
);

it('a server that stands still keeps its jobs for as long as its process is there', async () => {
  const { emulator, serve, finish } = await createSharedFolder('held');
  const owner = await serve();
  const id = await submitJob(owner, 1);
  await expect.poll(() => emulator.sent('imageInference').length, soon).toBe(1);
  const other = await serve();
  owner.child.kill('SIGSTOP');
  const before = performance.now();
  await expect.poll(() => performance.now() - before, soon).toBeGreaterThan(5_000);
  expect((await jobOf(other, id)).state).toBe('running');
  owner.child.kill('SIGCONT');
  finish();
  await expect.poll(() => statesOf(other, [id]), soon).toEqual(['succeeded']);
  expect(emulator.paid).toBe(1);
});

it('a job is cancelled, and followed, at the server that does not do it', async () => {
  const { emulator, serve } = await createSharedFolder('held');
  const first = await serve();
  const id = await submitJob(first, 1);
  await expect.poll(() => emulator.sent('imageInference').length, soon).toBe(1);
  const second = await serve();
  const events = fetch(`${second.url}/api/images/jobs/${id}/events`).then((response) => response.text());
  const cancelled = await fetch(`${second.url}/api/images/jobs/${id}`, { method: 'DELETE' });
  expect(cancelled.status).toBe(200);
  expect(await statesOf(first, [id])).toEqual(['cancelled']);
  expect((await events).match(/"state":"\w+"/g)?.at(-1)).toBe('"state":"cancelled"');
  const inFlight = async () => {
    const health = await (await fetch(`${first.url}/api/health/images`)).json();
    const { plugins } = health as { plugins: { id: string; inFlight: number }[] };
    return plugins.find((plugin) => plugin.id === 'runware')?.inFlight;
  };
  await expect.poll(inFlight, soon).toBe(0);
  const other = await submitJob(second, 2);
  const followed = await fetch(`${first.url}/api/images/jobs/${other}/events`);
  await fetch(`${first.url}/api/images/jobs/${other}`, { method: 'DELETE' });
  expect(await followed.text()).toContain('"state":"cancelled"');
});
