import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { jsonOf, startServer } from './server.js';

const prompt = 'a fixture';

describe('the images API', () => {
  it('makes a picture, stores it, and says where it is and where it comes from', async () => {
    const server = await startServer();
    const body = { prompt, style: 'watercolour', size: '512x256', image_type: 'png', seed: 3 };
    const response = await server.post('/api/images/generate', body);
    const answer = await jsonOf<{ image_url: string; image_path: string }>(response);
    expect(response.status).toBe(200);
    expect(answer).toMatchObject({
      success: true,
      service: 'steady',
      model: 'steady-one',
      generation_time: expect.any(Number),
      provenance: {
        parameters: { prompt: 'a fixture, watercolour style', width: 512, height: 256 },
        attempts: [{ plugin: 'steady', outcome: 'ok' }],
      },
    });
    const picture = new Uint8Array(await (await fetch(answer.image_url)).arrayBuffer());
    expect(Buffer.from(picture).equals(readFileSync(answer.image_path))).toBe(true);
  });

  it.each([
    [{}, 400, 'invalid_request', 'prompt'],
    [{ prompt, image_type: 'bmp' }, 400, 'invalid_request', 'image_type'],
    [{ prompt, sise: '1x1' }, 400, 'invalid_request', null],
    [{ prompt, model: 'nobody' }, 404, 'ERR_MODEL_UNKNOWN', 'model'],
    [{ prompt, n: 5 }, 400, 'ERR_REQUEST_INVALID', 'n'],
  ])('says what is wrong with %j', async (body, status, code, param) => {
    const response = await (await startServer()).post('/api/images/generate', body);
    expect(response.status).toBe(status);
    expect(await response.json()).toMatchObject({ success: false, error: { code, param } });
  });

  it('lists models, switches the current one, and tells the health of all', async () => {
    const server = await startServer();
    expect(await (await server.get('/api/images/models')).json()).toMatchObject({
      success: true,
      current_model: 'steady-one',
      models: [{ id: 'chaos-one' }, { id: 'steady-one', current: true }],
    });
    const switched = await server.post('/api/images/models/current', { model: 'chaos-one' });
    expect(await switched.json()).toMatchObject({ success: true, current_model: 'chaos-one' });
    expect((await server.post('/api/images/models/current', { model: 'nobody' })).status).toBe(404);
    expect(await (await server.get('/api/health/images')).json()).toMatchObject({
      success: true,
      status: 'ok',
      plugins: [{ id: 'chaos' }, { id: 'steady', configured: true }],
    });
    expect((await server.get('/readyz')).status).toBe(200);
    expect(await (await server.get('/metrics')).text()).toContain('easel_plugin_ready');
    await server.get('/no/such/path');
    const told = async () => await (await server.get('/metrics')).text();
    await expect
      .poll(told)
      .toMatch(/request_duration_seconds_count\{method="GET",route="none",status="404"\} 1/);
    expect(await told()).toMatch(
      /request_duration_seconds_count\{method="GET",route="\/metrics",status="200"\} \d/,
    );
    expect(await told()).toContain('easel_jobs{state="queued"} 0');
    expect(await told()).toContain('easel_job_oldest_seconds{state="running"} 0');
    expect(await told()).toContain('easel_backlog_seconds 0');
    expect(await told()).toMatch(/easel_build_info\{version="[\d.]+",node="v[\d.]+"\} 1/);
  });

  it.each([
    ['/api/images/results/../../keys.json', 404],
    ['/api/images/results/..%2f..%2fkeys.json', 404],
    [`/api/images/results/${'a'.repeat(64)}.png`, 404],
    ['/api/nothing', 404],
  ])('has nothing at %s', async (path, status) => {
    const response = await (await startServer()).get(path);
    expect(response.status).toBe(status);
    expect(await response.json()).toMatchObject({ success: false });
  });

  it.each([
    ['no JSON', '{"prompt": ', 'application/json', 400],
    ['another type', 'prompt=x', 'text/csv', 415],
    ['too much', `{"prompt":"${'x'.repeat(2_000_000)}"}`, 'application/json', 413],
  ])('answers %s in its own shape', async (_, body, type, status) => {
    const { url } = await startServer({ server: { bodyMb: 1 } });
    const headers = { 'content-type': type };
    const response = await fetch(`${url}/api/images/generate`, { method: 'POST', headers, body });
    expect(response.status).toBe(status);
    expect(await response.json()).toMatchObject({
      success: false,
      error: { code: expect.any(String), message: expect.any(String) },
    });
  });

  it('is called from no other page, unless the configuration names it', async () => {
    const origin = 'https://gallery.example';
    const closed = await (await startServer()).get('/v1/models', { origin });
    expect(closed.headers.get('access-control-allow-origin')).toBeNull();
    const open = await startServer({ server: { corsOrigins: [origin] } });
    expect((await open.get('/v1/models', { origin })).headers.get('access-control-allow-origin')).toBe(
      origin,
    );
    const other = await open.get('/v1/models', { origin: 'https://other.example' });
    expect(other.headers.get('access-control-allow-origin')).toBeNull();
  });
});

describe('the admin API', () => {
  it('shows the log of a plugin as it is written, without its secrets', async () => {
    const server = await startServer();
    expect((await server.get('/api/admin/plugins/nobody/logs')).status).toBe(404);
    const response = await server.get('/api/admin/plugins/chaos/logs');
    const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader();
    const body = { prompt, model: 'chaos-one', provider_options: { chaos: { behaviour: 'none' } } };
    await server.post('/v1/images/generations', body);
    await server.post('/v1/images/generations', { prompt });
    let seen = '';
    while (!seen.includes('event: log')) seen += (await reader?.read())?.value ?? '';
    expect(seen).toContain('"message":"will none with [CHAOS_KEY]"');
    expect(seen).not.toContain('started');
    await reader?.cancel();
  });

  it('switches and reloads plugins, closes circuits, and shows the configuration without secrets', async () => {
    const server = await startServer({
      plugins: { steady: { options: { greeting: 'hello' } }, chaos: { breaker: { minimumCalls: 1 } } },
    });
    const state = async () =>
      (
        (await (await server.get('/api/admin/plugins')).json()) as {
          plugins: { id: string; state: string }[];
        }
      ).plugins;
    expect((await server.post('/api/admin/plugins/steady/disable', {})).status).toBe(200);
    expect((await state()).find(({ id }) => id === 'steady')?.state).toBe('disabled');
    expect((await server.post('/api/admin/plugins/steady/enable', {})).status).toBe(200);
    expect((await server.post('/v1/images/generations', { prompt })).status).toBe(200);

    const failing = { prompt, model: 'chaos-one', provider_options: { chaos: { behaviour: 'throw' } } };
    await server.post('/v1/images/generations', failing);
    const open = await server.post('/v1/images/generations', failing);
    expect([open.status, open.headers.get('retry-after')]).toEqual([503, '30']);
    await server.post('/api/admin/plugins/chaos/reset', { pipeline_type: 'chaos' });
    expect((await server.post('/v1/images/generations', failing)).status).toBe(502);
    expect((await server.post('/api/admin/plugins/nobody/enable', {})).status).toBe(400);
    const shown = await jsonOf(await server.get('/api/admin/configuration'));
    expect(shown).toMatchObject({
      configuration: { plugins: { steady: { options: { greeting: 'hello' } } } },
    });
  });
});
