import { on, once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { createServeFolder, serveFrom, startServeCommand } from '../chaos/fixtures/serve-command.js';

const closeSeconds = 5;
const taking = (delayMs: number) => ({ prompt: 'a', provider_options: { steady: { delayMs } } });
const hanging = taking(60_000);

/** A server whose plugin makes two images at once. */
const start = () =>
  startServeCommand({ server: { closeSeconds }, plugins: { steady: { runtime: { concurrency: 2 } } } });

async function atWork(url: string, inFlight: number, queued = 0): Promise<void> {
  for (;;) {
    const health = (await (await fetch(`${url}/api/health/images`)).json()) as {
      plugins: { id: string; inFlight: number; queued: number }[];
    };
    const found = health.plugins.find(({ id }) => id === 'steady');
    if (found?.inFlight === inFlight && found.queued === queued) return;
    await delay(20);
  }
}

const post = (url: string, path: string, body: object, headers = {}) =>
  fetch(`${url}${path}`, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      accept: 'application/json, text/event-stream',
      ...headers,
    },
    body: JSON.stringify(body),
  });

describe('SIGTERM while calls hang', () => {
  it('the server ends within its time, and each caller is answered in the shape of its API', async () => {
    const { child, url } = await start();
    const openAi = post(url, '/v1/images/generations', hanging);
    const streamed = post(url, '/v1/images/generations', { ...hanging, stream: true });
    const plan = post(url, '/api/images/generate', hanging);
    const mcp = post(url, '/mcp', {
      jsonrpc: '2.0',
      id: 1,
      method: 'tools/call',
      params: { name: 'generate_image', arguments: { prompt: 'a' } },
    });
    await atWork(url, 2, 2);
    const startedAt = performance.now();
    child.kill('SIGTERM');
    const [status] = (await once(child, 'exit')) as [number];
    expect(performance.now() - startedAt).toBeLessThan(closeSeconds * 1_000 + 500);
    expect(status).toBe(0);
    const answers = await Promise.all([openAi, streamed, plan]);
    for (const answer of answers.filter((answer) => answer.status !== 200)) {
      expect(answer.status).toBe(503);
      expect(answer.headers.get('retry-after')).toBe('5');
      expect(answer.headers.get('x-should-retry')).toBe('true');
    }
    const [ofOpenAi, ofStream, ofPlan] = await Promise.all(answers.map((answer) => answer.text()));
    expect(JSON.parse(ofOpenAi ?? '')).toMatchObject({
      error: { type: 'server_error', code: 'server_closing' },
    });
    expect(ofStream).toContain('server_closing');
    expect(JSON.parse(ofPlan ?? '')).toMatchObject({ success: false, error: { code: 'server_closing' } });
    expect(await (await mcp).text()).toContain('server_closing');
  });

  it('a call that may have been paid is not to be sent again, but for one with an Idempotency-Key', async () => {
    const folder = await createServeFolder({ server: { closeSeconds } });
    const { child, url } = await serveFrom(folder, { environment: { CHAOS_KEY: 'sk-fixture' } });
    const body = {
      prompt: 'a',
      model: 'chaos-one',
      provider_options: { chaos: { behaviour: 'ignore-everything' } },
    };
    let log = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      log += text;
    });
    const calls = [
      post(url, '/v1/images/generations', body),
      post(url, '/v1/images/generations', { ...body, stream: true }),
      post(url, '/api/images/generate', body),
      post(url, '/v1/images/generations', body, { 'idempotency-key': 'once' }),
    ];
    // What the plugin has not begun with yet may be sent again.
    await expect.poll(() => log.match(/will ignore-everything/g)).toHaveLength(4);
    child.kill('SIGTERM');
    const [openAi, stream, plan, keyed] = await Promise.all(calls);
    for (const answer of [openAi, plan]) {
      expect(answer?.status).toBe(503);
      expect(answer?.headers.get('x-should-retry')).toBe('false');
      expect(await answer?.text()).toMatch(/^(?=.*server_closing).*may have been paid/s);
    }
    expect(await stream?.text()).toMatch(/^(?=.*server_closing).*may have been paid/s);
    expect(keyed?.headers.get('x-should-retry')).toBe('true');
    expect(await keyed?.text()).not.toContain('may have been paid');
  });

  it('the second one ends it at once', async () => {
    const { child, url } = await start();
    const call = post(url, '/v1/images/generations', hanging).catch((error: unknown) => error);
    await atWork(url, 1);
    const startedAt = performance.now();
    child.kill('SIGTERM');
    for await (const [data] of on(child.stdout, 'data'))
      if (String(data).includes('once more ends it')) break;
    child.kill('SIGTERM');
    await once(child, 'exit');
    expect(performance.now() - startedAt).toBeLessThan(10_000);
    expect(await call).toBeInstanceOf(Error);
  });

  it('a call that ends in time is answered, and the process with it', async () => {
    const { child, url } = await start();
    // The plugin runs by then.
    await post(url, '/v1/images/generations', taking(0));
    const call = post(url, '/v1/images/generations', taking(700));
    await atWork(url, 1);
    const startedAt = performance.now();
    child.kill('SIGTERM');
    expect((await call).status).toBe(200);
    const [status] = (await once(child, 'exit')) as [number];
    expect(status).toBe(0);
    expect(performance.now() - startedAt).toBeLessThan(closeSeconds * 1_000 + 500);
  });
});
