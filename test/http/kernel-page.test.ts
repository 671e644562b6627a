import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { bearer, createKey, jsonOf, startServer } from './server.js';

const fixtures = (name: string) => fileURLToPath(new URL(`../fixtures/${name}`, import.meta.url));
const today = () => new Date().toISOString().slice(0, 10);

it('adds up what calls have cost, a call of several images once', async () => {
  const server = await startServer({ pluginFolders: [fixtures('priced-plugins')] });
  for (const [seed, n] of [
    [1, 3],
    [10, 1],
  ])
    expect((await server.post('/api/images/generate', { prompt: 'a fixture', seed, n })).status).toBe(200);
  const { costs } = await jsonOf<{ costs: object[] }>(await server.get('/api/images/costs'));
  expect(costs).toEqual([{ day: today(), plugin: 'priced', currency: 'USD', amount: 0.5, calls: 2 }]);
});

it('tells what happens in the kernel, also what happened before, to keys with the scope admin alone', async () => {
  const server = await startServer();
  await server.post('/api/images/generate', { prompt: 'a fixture' });
  const stop = new AbortController();
  const { body } = await fetch(`${server.url}/api/admin/events`, { signal: stop.signal });
  let text = '';
  for await (const chunk of body!.pipeThrough(new TextDecoderStream())) {
    text += chunk;
    if (text.includes('attempt-ended')) break;
  }
  stop.abort();
  const told = [...text.matchAll(/^event: kernel\ndata: (.*)$/gm)].map(
    ([, data]) => JSON.parse(data ?? '') as { name: string },
  );
  expect(told.map(({ name }) => name)).toContain('plugin-ready');
  expect(told.find(({ name }) => name === 'attempt-ended')).toMatchObject({
    plugin: 'steady',
    outcome: 'ok',
    durationMs: expect.any(Number),
  });
  const key = await createKey(server.storageFolder);
  await expect.poll(async () => (await server.get('/api/admin/events', bearer(key))).status).toBe(403);
});
