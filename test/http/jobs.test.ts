import { createHmac } from 'node:crypto';
import { createServer, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, expect, it, onTestFinished } from 'vitest';
import { KeyStore } from '../../core/src/keys/key-store.js';
import { colours, columnsOf, halves, startMaskServer } from './masked-images.js';
import { bearer, createKey, jsonOf, startServer, type TestServer } from './server.js';

const prompt = 'a fixture';
interface JobAnswer {
  readonly id: string;
  readonly state: string;
  readonly started_at: string;
  readonly result?: { images: { url: string }[]; provenance: object };
  readonly error?: { code: string };
}
const slow = (delayMs: number) => ({ prompt, provider_options: { steady: { delayMs } } });

async function submit(server: TestServer, body: object, headers: Record<string, string> = {}) {
  const response = await server.post('/api/images/jobs', body, headers);
  expect(response.status).toBe(202);
  return await jsonOf<JobAnswer>(response);
}
const jobOf = async (server: TestServer, id: string) =>
  await jsonOf<JobAnswer>(await server.get(`/api/images/jobs/${id}`));
const stateOf = (server: TestServer, id: string) => async () => (await jobOf(server, id)).state;
const attempts = async ({ manager }: TestServer) => {
  const { text } = await manager.getMetrics();
  return Number(/easel_attempts_total\{plugin="steady".*outcome="ok"\} (\d+)/.exec(text)?.[1] ?? 0);
};

it('answers HEAD of event streams at once', async () => {
  const server = await startServer();
  const slow = { prompt: 'x', provider_options: { steady: { delayMs: 60_000 } } };
  const { id } = await jsonOf<{ id: string }>(await server.post('/api/images/jobs', slow));
  for (const path of [`/api/images/jobs/${id}/events`, '/api/admin/plugins/steady/logs']) {
    const began = performance.now();
    const response = await fetch(`${server.url}${path}`, { method: 'HEAD' });
    expect([response.status, response.headers.get('content-type')]).toEqual([
      200,
      'text/event-stream; charset=utf-8',
    ]);
    expect(await response.text()).toBe('');
    expect(performance.now() - began).toBeLessThan(20_000);
  }
});

describe('a job', () => {
  it('is accepted at once, and done', async () => {
    const server = await startServer();
    const response = await server.post('/api/images/jobs', slow(200));
    expect(response.status).toBe(202);
    const { id } = await jsonOf<JobAnswer>(response);
    expect(response.headers.get('location')).toBe(`/api/images/jobs/${id}`);
    await expect.poll(stateOf(server, id)).toBe('succeeded');
    const { result } = await jobOf(server, id);
    expect(result?.provenance).toMatchObject({ model: 'steady-one' });
    expect((await fetch(result?.images[0]?.url ?? '')).status).toBe(200);
    const list = await jsonOf<{ jobs: JobAnswer[] }>(await server.get('/api/images/jobs?limit=5'));
    expect(list.jobs.map((job) => job.id)).toEqual([id]);
    expect((await server.get('/api/images/jobs/nobody')).status).toBe(404);
  });

  it('tells how far it is, as events, until it has ended', async () => {
    const server = await startServer();
    const { id } = await submit(server, slow(400));
    const text = await (await server.get(`/api/images/jobs/${id}/events`)).text();
    const events = [...text.matchAll(/^event: (\w+)\ndata: (.*)$/gm)].map(([, name, data]) => ({
      name,
      data: JSON.parse(data ?? '') as JobAnswer & { fraction: number },
    }));
    expect(events.filter(({ name }) => name === 'progress').length).toBeGreaterThan(2);
    expect(events.at(-1)).toMatchObject({ name: 'state', data: { id, state: 'succeeded' } });
  });

  it('fails with the error that a call would have had', async () => {
    const server = await startServer();
    const { id } = await submit(server, { prompt, model: 'nobody' });
    await expect.poll(stateOf(server, id)).toBe('failed');
    expect((await jobOf(server, id)).error).toMatchObject({ code: 'ERR_MODEL_UNKNOWN' });
  });

  it('is cancelled while it waits and while it is at work, and not afterwards', async () => {
    const server = await startServer({ server: { jobsAtOnce: 1 } });
    const [first, second] = [await submit(server, slow(10_000)), await submit(server, slow(10_000))];
    await expect.poll(stateOf(server, first.id)).toBe('running');
    expect(await stateOf(server, second.id)()).toBe('queued');
    const cancel = (id: string) => fetch(`${server.url}/api/images/jobs/${id}`, { method: 'DELETE' });
    expect((await cancel(second.id)).status).toBe(200);
    expect((await cancel(first.id)).status).toBe(200);
    expect((await cancel(first.id)).status).toBe(409);
    expect(await stateOf(server, first.id)()).toBe('cancelled');
    const { id } = await submit(server, { prompt });
    await expect.poll(stateOf(server, id)).toBe('succeeded');
  });

  it('gets another place in the queue while it waits', async () => {
    const server = await startServer({ server: { jobsAtOnce: 1 } });
    const running = await submit(server, slow(10_000));
    const [first, second] = [await submit(server, slow(60)), await submit(server, slow(60))];
    const change = async (id: string, body: object, headers: Record<string, string> = {}) =>
      await fetch(`${server.url}/api/images/jobs/${id}`, {
        method: 'PATCH',
        headers: { 'content-type': 'application/json', ...headers },
        body: JSON.stringify(body),
      });
    await expect.poll(stateOf(server, running.id)).toBe('running');
    expect(await jsonOf(await change(first.id, { priority: -1 }))).toMatchObject({
      state: 'queued',
      priority: -1,
    });
    expect((await change(first.id, { priority: 101 })).status).toBe(400);
    expect((await change(running.id, { priority: 1 })).status).toBe(409);
    await fetch(`${server.url}/api/images/jobs/${running.id}`, { method: 'DELETE' });
    await expect.poll(stateOf(server, first.id)).toBe('succeeded');
    const startOf = async ({ id }: JobAnswer) => (await jobOf(server, id)).started_at;
    expect(Date.parse(await startOf(second))).toBeLessThan(Date.parse(await startOf(first)));
    const key = await createKey(server.storageFolder);
    expect((await change(first.id, { priority: 1 }, bearer(key))).status).toBe(403);
  });

  it('is begun by its priority, and in turns between callers', async () => {
    const server = await startServer({ server: { jobsAtOnce: 1 } });
    const scopes = ['generate', 'read', 'priority'] as const;
    const many = await createKey(server.storageFolder, { scopes: [...scopes] });
    const one = await createKey(server.storageFolder);
    const submitAs = async (key: string, more: object = {}) =>
      (await submit(server, { ...slow(60), ...more }, bearer(key))).id;
    const order: string[] = [];
    const waiting = [await submitAs(many), await submitAs(many), await submitAs(many)];
    const urgent = await submitAs(many, { priority: 5 });
    const other = await submitAs(one);
    const ended = async (id: string, key: string) => {
      await (await server.get(`/api/images/jobs/${id}/events`, bearer(key))).text();
      order.push(id);
    };
    await Promise.all([...[...waiting, urgent].map((id) => ended(id, many)), ended(other, one)]);
    expect(order.indexOf(urgent)).toBeLessThanOrEqual(1);
    expect(order.indexOf(other)).toBeLessThanOrEqual(3);
    expect((await server.get(`/api/images/jobs/${other}`, bearer(many))).status).toBe(404);
  });

  it('that was at work when the server was ended is finished by the next one', async () => {
    const server = await startServer({ server: { jobsAtOnce: 2 } });
    const ids = [];
    for (let job = 0; job < 5; job++) ids.push((await submit(server, slow(300))).id);
    await expect.poll(stateOf(server, ids[0] ?? '')).toBe('running');
    await server.close();
    const next = await startServer({ storageFolder: server.storageFolder });
    for (const id of ids) await expect.poll(stateOf(next, id)).toBe('succeeded');
    expect(await attempts(next)).toBe(5);
  });
});

describe('an Idempotency-Key', () => {
  const headers = { 'idempotency-key': 'order-17' };

  it('makes one job of many tries, also when they come at once', async () => {
    const server = await startServer();
    const jobs = await Promise.all([1, 2, 3].map(() => submit(server, slow(100), headers)));
    expect(new Set(jobs.map(({ id }) => id)).size).toBe(1);
    const other = await server.post('/api/images/jobs', slow(101), headers);
    expect(other.status).toBe(422);
    await expect.poll(stateOf(server, jobs[0]?.id ?? '')).toBe('succeeded');
    expect(await attempts(server)).toBe(1);
  });

  it('makes one picture of many calls, each of which is answered', async () => {
    const server = await startServer();
    const ask = () => server.post('/v1/images/generations', slow(200), headers);
    const answers = await Promise.all([ask(), ask()]);
    const pictures = await Promise.all(
      answers.map(
        async (answer) => (await jsonOf<{ data: [{ b64_json: string }] }>(answer)).data[0].b64_json,
      ),
    );
    expect(pictures[0]).toBe(pictures[1]);
    expect((await jsonOf<{ image_url: string }>(await ask())).image_url).toBeUndefined();
    expect(await attempts(server)).toBe(1);
  });
});

describe('a caller that goes away', () => {
  it('finds its picture later, where it asked for that', async () => {
    const server = await startServer();
    const body = JSON.stringify({ ...slow(400), on_disconnect: 'store' });
    const call = fetch(`${server.url}/api/images/generate`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body,
      signal: AbortSignal.timeout(200),
    });
    await expect(call).rejects.toThrow();
    const list = async () =>
      (await jsonOf<{ jobs: JobAnswer[] }>(await server.get('/api/images/jobs'))).jobs.map(
        ({ state }) => state,
      );
    await expect.poll(list).toEqual(['succeeded']);
  });
});

describe('a webhook', () => {
  /** A host that fails its first call, and keeps what it was told. */
  async function startListener() {
    const told: { headers: IncomingHttpHeaders; body: string }[] = [];
    const listener = createServer((request, response) => {
      let body = '';
      request.on('data', (chunk) => {
        body += chunk;
      });
      request.on('end', () => {
        told.push({ headers: request.headers, body });
        response.writeHead(told.length === 1 ? 500 : 204).end();
      });
    });
    await new Promise<void>((resolve) => listener.listen(0, '127.0.0.1', resolve));
    onTestFinished(() => void listener.close());
    return { told, url: `http://127.0.0.1:${(listener.address() as AddressInfo).port}/` };
  }

  it('is told when the job has ended, again where it does not answer, and can tell who it is', async () => {
    const { told, url } = await startListener();
    const server = await startServer({ server: { privateAddresses: true } });
    const store = new KeyStore(server.storageFolder);
    const { text } = await store.create({ name: 'a test', scopes: ['admin'] });
    const { id } = await submit(server, { prompt, webhook: url }, { authorization: `Bearer ${text}` });
    await expect.poll(() => told.length).toBe(2);
    const [, { headers, body } = { headers: {}, body: '' }] = told;
    expect(JSON.parse(body)).toMatchObject({ id, state: 'succeeded' });
    const [, seconds, signature] = /^t=(\d+),v1=([0-9a-f]+)$/.exec(String(headers['easel-signature'])) ?? [];
    const right = createHmac('sha256', store.webhookSecret ?? '')
      .update(`${seconds}.${body}`)
      .digest('hex');
    expect(signature).toBe(right);
  });

  it('is told where the images are, and with its password, which no log has', async () => {
    const { told, url } = await startListener();
    const lines: string[] = [];
    const note = (message: string, details?: object) =>
      void lines.push(message, JSON.stringify(details ?? {}));
    const logger = { debug: note, info: note, warn: note, error: note };
    const server = await startServer({ server: { privateAddresses: true } }, { logger });
    const key = await createKey(server.storageFolder, { scopes: ['admin'] });
    const webhook = url.replace('//', '//user:pa%20ss-hunter2@');
    await submit(server, { prompt, webhook }, bearer(key));
    await expect.poll(() => told.length).toBe(2);
    const basic = `Basic ${Buffer.from('user:pa ss-hunter2').toString('base64')}`;
    expect(told.map(({ headers }) => headers.authorization)).toEqual([basic, basic]);
    expect(lines.join()).toContain('was not told');
    expect(lines.join()).not.toMatch(/hunter2|cGEgc3M/);
    const { result } = JSON.parse(told[1]?.body ?? '') as { result: { images: [{ url: string }] } };
    expect(result.images[0].url).toMatch(/^http:.*signature=/);
    expect((await fetch(result.images[0].url)).status).toBe(200);
  });

  it('does not reach into private networks, unless the configuration says so', async () => {
    const { told, url } = await startListener();
    const server = await startServer();
    for (const webhook of [
      url,
      url.replace('//', '//user:password@'),
      'http://example.com/',
      'https://[::1]/',
    ]) {
      const response = await server.post('/api/images/jobs', { prompt, webhook });
      expect([response.status, await jsonOf(response)]).toEqual([
        400,
        { success: false, error: expect.objectContaining({ code: 'webhook_refused', param: 'webhook' }) },
      ]);
    }
    // One whose name cannot be found now may be found later.
    await submit(server, { prompt, webhook: 'https://nobody.invalid/' });
    expect(told).toEqual([]);
  });
});

describe('images in JSON', () => {
  it.each(['/api/images/generate', '/api/images/jobs'])(
    '%s begins from those that it names',
    async (path) => {
      const server = await startMaskServer();
      const [image, mask] = [
        await halves(colours.red, colours.white),
        await halves(colours.white, colours.black),
      ];
      const asked = {
        prompt: 'blue',
        size: '64x64',
        input_images: [`data:image/png;base64,${image.toString('base64')}`],
        mask: mask.toString('base64'),
      };
      const response = await server.post(path, asked);
      expect(response.status).toBeLessThan(300);
      const made = await jsonOf<{ id?: string; images?: { image_url: string; thumbnail_url: string }[] }>(
        response,
      );
      const imageOf = async () => {
        if (!made.id) return made.images?.[0];
        const job = await jsonOf<{ result?: { images: { url: string; thumbnail_url: string }[] } }>(
          await server.get(`/api/images/jobs/${made.id}`),
        );
        const [first] = job.result?.images ?? [];
        return first && { ...first, image_url: first.url };
      };
      await expect.poll(imageOf).toBeDefined();
      const { image_url = '', thumbnail_url = '' } = (await imageOf()) ?? {};
      const bytes = new Uint8Array(await (await fetch(image_url)).arrayBuffer());
      expect((await columnsOf(bytes)).columns).toEqual(['0000ff', '0000ff', 'ffffff', 'ffffff']);
      expect((await fetch(thumbnail_url)).headers.get('content-type')).toBe('image/webp');
      const wrong = await server.post(path, { ...asked, input_images: [asked.mask, '!!'] });
      expect([wrong.status, await jsonOf(wrong)]).toEqual([
        400,
        { success: false, error: expect.objectContaining({ param: 'input_images.1' }) },
      ]);
    },
  );
});
