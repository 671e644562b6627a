import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { bearer, createKey, startServer } from './server.js';

const priced = fileURLToPath(new URL('../fixtures/priced-plugins', import.meta.url));

/** Value of a sample. Undefined: it is not told. */
const sample = (text: string, name: string): number | undefined => {
  const line = text.split('\n').find((one) => one.startsWith(`${name} `));
  return line === undefined ? undefined : Number(line.slice(name.length));
};

it('tells images and costs by plugin, model and key, hits of the cache, the disk and the process', async () => {
  const server = await startServer({ pluginFolders: [priced] });
  const key = await createKey(server.storageFolder);
  const headers = bearer(key);
  const read = async () => await (await server.get('/metrics', headers)).text();
  await expect.poll(async () => (await server.get('/metrics')).status).toBe(401);
  for (const [seed, n] of [
    [1, 3],
    [10, 1],
    // Again: found, and not paid.
    [1, 3],
  ])
    expect(
      (await server.post('/api/images/generate', { prompt: 'a fixture', seed, n }, headers)).status,
    ).toBe(200);
  const job = await server.post('/api/images/jobs', { prompt: 'a fixture', seed: 20 }, headers);
  expect(job.status).toBe(202);
  const id = /^easel_([0-9a-f]{8})_/.exec(key)?.[1];
  const labels = `plugin="priced",model="steady-one",key="${id}"`;
  await expect.poll(async () => sample(await read(), `easel_images_total{${labels}}`)).toBe(5);
  const text = await read();
  expect(sample(text, `easel_cost_total{${labels},currency="USD"}`)).toBe(0.75);
  expect(sample(text, 'easel_cache_lookups_total{outcome="hit"}')).toBe(1);
  expect(sample(text, 'easel_cache_lookups_total{outcome="miss"}')).toBe(2);
  for (const name of ['heap_used', 'heap_limit', 'external', 'resident'])
    expect(sample(text, `easel_process_${name}_bytes`)).toBeGreaterThan(0);
  expect(sample(text, 'easel_process_cpu_seconds_total')).toBeGreaterThan(0);
  expect(sample(text, 'easel_event_loop_busy_ratio')).toBeLessThanOrEqual(1);
  for (const part of ['results', 'cache', 'jobs'])
    await expect
      .poll(async () => sample(await read(), `easel_disk_bytes{part="${part}",plugin=""}`))
      .toBeGreaterThan(0);
  expect(await read()).not.toContain(key);
});
