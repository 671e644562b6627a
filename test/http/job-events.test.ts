import { fileURLToPath } from 'node:url';
import { EventSourceParserStream } from 'eventsource-parser/stream';
import { expect, it, onTestFinished } from 'vitest';
import { bearer, createKey, jsonOf, startServer, type TestServer } from './server.js';

interface Told {
  readonly event: string;
  readonly data: Readonly<Record<string, unknown>>;
}

/** What the stream tells from now on. */
async function watch(server: TestServer, key?: string): Promise<Told[]> {
  const controller = new AbortController();
  onTestFinished(() => controller.abort());
  const response = await fetch(`${server.url}/api/images/events`, {
    headers: key ? bearer(key) : {},
    signal: controller.signal,
  });
  const told: Told[] = [];
  const events = response.body
    ?.pipeThrough(new TextDecoderStream())
    .pipeThrough(new EventSourceParserStream());
  void (async () => {
    for await (const { event = '', data } of events ?? []) told.push({ event, data: JSON.parse(data) });
  })().catch(() => {});
  await expect.poll(() => told.map(({ event }) => event)).toContain('ready');
  return told;
}

it('tells of every job of its caller, with what was asked for and looks at its images', async () => {
  const server = await startServer();
  const told = await watch(server);
  const asked = {
    prompt: 'a fixture',
    previews: 2,
    size: '64x64',
    provider_options: { steady: { delayMs: 200 } },
  };
  const { id } = await jsonOf<{ id: string }>(await server.post('/api/images/jobs', asked));
  await expect
    .poll(() => told.filter(({ event }) => event === 'state').map(({ data }) => data.state))
    .toEqual(['queued', 'running', 'succeeded']);
  const states = told.filter(({ event }) => event === 'state');
  for (const { data } of states)
    expect(data).toMatchObject({
      id,
      request: { prompt: 'a fixture', model: 'steady-one', size: '64x64', n: 1 },
    });
  expect(states[0]?.data.request).not.toHaveProperty('provider_options');
});

it('tells nobody of the jobs of others', async () => {
  const server = await startServer();
  const [own, other] = [await createKey(server.storageFolder), await createKey(server.storageFolder)];
  const told = await watch(server, own);
  const submit = async (key: string) =>
    (await jsonOf<{ id: string }>(await server.post('/api/images/jobs', { prompt: 'x' }, bearer(key)))).id;
  await submit(other);
  const id = await submit(own);
  await expect.poll(() => told.some(({ data }) => data.id === id && data.state === 'succeeded')).toBe(true);
  expect(new Set(told.flatMap(({ data }) => data.id ?? []))).toEqual(new Set([id]));
});

it('shows the looks of a job that ended just now, for who was told of them before, and then forgets them', async () => {
  const fixtures = (name: string) => fileURLToPath(new URL(`../fixtures/${name}`, import.meta.url));
  const server = await startServer({
    pluginFolders: [fixtures('preview-plugins')],
    catalogueFolders: [fixtures('preview-catalogue')],
    currentModel: 'sketch-one',
  });
  const told = await watch(server);
  const make = async () => {
    const asked = { prompt: 'a fixture', previews: 1 };
    const { id } = await jsonOf<{ id: string }>(await server.post('/api/images/jobs', asked));
    await expect.poll(() => told.some(({ data }) => data.id === id && data.state === 'succeeded')).toBe(true);
    return id;
  };
  const first = await make();
  expect(told.filter(({ event }) => event === 'preview').map(({ data }) => data.id)).toEqual([first]);
  const look = async () => (await server.get(`/api/images/jobs/${first}/previews/0`)).status;
  expect(await look()).toBe(200);
  expect(await jsonOf(await server.get(`/api/images/jobs/${first}`))).not.toHaveProperty('previews');
  for (let other = 0; other < 8; other++) await make();
  expect(await look()).toBe(404);
});
