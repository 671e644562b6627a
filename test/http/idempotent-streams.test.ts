import { fileURLToPath } from 'node:url';
import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import { describe, expect, it } from 'vitest';
import { onePixelPng } from '../fixtures/one-pixel-png.js';
import { jsonOf, startServer, type TestServer } from './server.js';

const prompt = 'a fixture';
const slow = (delayMs: number) => ({ prompt, provider_options: { steady: { delayMs } } });
const key = { 'idempotency-key': 'order-17' };

/** Calls of the server's one plugin that have ended well. */
const callsOf = async ({ manager }: TestServer) => {
  const { text } = await manager.getMetrics();
  return Number(/easel_attempts_total\{.*outcome="ok"\} (\d+)/.exec(text)?.[1] ?? 0);
};

interface Event {
  readonly type?: string;
  readonly b64_json?: string;
  readonly error?: { code: string };
}

async function eventsOf(answer: Response | Promise<Response>): Promise<Event[]> {
  const response = await answer;
  expect(response.status).toBe(200);
  const text = await response.text();
  return [...text.matchAll(/^data: (\{.*\})$/gm)].map(([, json = '']) => JSON.parse(json) as Event);
}

describe('a stream with an Idempotency-Key', () => {
  it('makes one image of calls at once and later, also of one that is not a stream', async () => {
    const server = await startServer();
    const ask = (more: object = { stream: true }) =>
      server.post('/v1/images/generations', { ...slow(300), ...more }, key);
    const [first, second] = await Promise.all([eventsOf(ask()), eventsOf(ask())]);
    expect(first?.at(-1)).toMatchObject({ type: 'image_generation.completed' });
    const image = first?.at(-1)?.b64_json;
    expect(image).toMatch(/^iVBOR/);
    expect(second?.at(-1)?.b64_json).toBe(image);
    const later = await ask();
    expect(later.headers.get('easel-job')).toMatch(/^[0-9a-f-]{36}$/);
    expect((await eventsOf(later)).map(({ type, b64_json }) => ({ type, b64_json }))).toEqual([
      { type: 'image_generation.completed', b64_json: image },
    ]);
    const whole = await jsonOf<{ data: { b64_json: string }[] }>(await ask({}));
    expect(whole.data[0]?.b64_json).toBe(image);
    expect(await callsOf(server)).toBe(1);
  });

  it('replays the error that it ended with', async () => {
    const server = await startServer();
    const ask = () =>
      server.post(
        '/v1/images/generations',
        { prompt, model: 'chaos-one', stream: true, provider_options: { chaos: { behaviour: 'refuse' } } },
        key,
      );
    const answers = [];
    for (let call = 0; call < 2; call++) {
      const response = await ask();
      const { error } = await jsonOf<{ error: { code: string } }>(response);
      answers.push({ status: response.status, code: error.code });
    }
    expect(answers[0]?.status).toBeGreaterThanOrEqual(400);
    expect(answers[1]).toEqual(answers[0]);
    const { jobs } = await jsonOf<{ jobs: object[] }>(await server.get('/api/images/jobs'));
    expect(jobs).toHaveLength(1);
  });

  it('is refused for another request', async () => {
    const server = await startServer();
    const ask = (delayMs: number) =>
      server.post('/v1/images/generations', { ...slow(delayMs), stream: true }, key);
    await eventsOf(ask(0));
    expect((await ask(1)).status).toBe(422);
  });

  it('edits once', async () => {
    const server = await startServer({
      pluginFolders: [fileURLToPath(new URL('../fixtures/preview-plugins', import.meta.url))],
      catalogueFolders: [fileURLToPath(new URL('../fixtures/preview-catalogue', import.meta.url))],
      currentModel: 'sketch-one',
    });
    const ask = () => {
      const form = new FormData();
      form.set('prompt', prompt);
      form.set('stream', 'true');
      form.set('partial_images', '2');
      form.set('image', new Blob([new Uint8Array(onePixelPng)], { type: 'image/png' }), 'one.png');
      return fetch(`${server.url}/v1/images/edits`, { method: 'POST', headers: key, body: form });
    };
    const types = (await Promise.all([eventsOf(ask()), eventsOf(ask())])).map(
      (events) => events.at(-1)?.type,
    );
    expect(types).toEqual(['image_edit.completed', 'image_edit.completed']);
    await eventsOf(ask());
    expect(await callsOf(server)).toBe(1);
  });
});

it('a stream that is to be kept is a job, whose caller may go away', async () => {
  const server = await startServer();
  const leaving = new AbortController();
  const call = fetch(`${server.url}/v1/images/generations`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ ...slow(600), stream: true, on_disconnect: 'store' }),
    signal: leaving.signal,
  });
  const response = await call;
  expect(response.headers.get('easel-job')).toMatch(/^[0-9a-f-]{36}$/);
  leaving.abort();
  const stateOf = async () =>
    (
      await jsonOf<{ state: string }>(
        await server.get(`/api/images/jobs/${response.headers.get('easel-job')}`),
      )
    ).state;
  await expect.poll(stateOf).toBe('succeeded');
  expect(await callsOf(server)).toBe(1);
});

it('an Idempotency-Key counts for the API of Automatic1111 and for MCP', async () => {
  const server = await startServer();
  const answers = await Promise.all(
    [1, 2].map(async () => await jsonOf<object>(await server.post('/sdapi/v1/txt2img', { prompt }, key))),
  );
  expect(answers[0]).toEqual(answers[1]);
  expect(await callsOf(server)).toBe(1);
  for (let count = 0; count < 2; count++) {
    const client = new Client({ name: 'a test', version: '1.0.0' });
    const transport = new StreamableHTTPClientTransport(new URL(`${server.url}/mcp`), {
      requestInit: { headers: { 'idempotency-key': 'order-18' } },
    });
    await client.connect(transport as Parameters<typeof client.connect>[0]);
    const made = await client.callTool({ name: 'generate_image', arguments: { prompt } });
    expect(made.isError).toBeFalsy();
    await client.close();
  }
  expect(await callsOf(server)).toBe(2);
});
