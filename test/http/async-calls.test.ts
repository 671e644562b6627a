import { expect, it } from 'vitest';
import { z } from 'zod';
import { onePixelPng } from '../fixtures/one-pixel-png.js';
import { bearer, createKey, jsonOf, startServer } from './server.js';

const prompt = 'a fixture';
const path = '/v1/images/generations';
const jobSchema = z.looseObject({
  id: z.string(),
  object: z.literal('image.job'),
  status: z.string(),
  data: z.array(z.object({ url: z.string().optional(), b64_json: z.string().optional() })).optional(),
  error: z.looseObject({ code: z.string() }).optional(),
});
const statusOf = async (response: Response) => jobSchema.parse(await response.json());

it('a call with "async" is answered at once, and its images below its route', async () => {
  const server = await startServer();
  const slow = { provider_options: { steady: { delayMs: 300 } } };
  const accepted = await server.post(path, { prompt, n: 2, async: true, stream: true, ...slow });
  const location = accepted.headers.get('location') ?? '';
  const begun = await statusOf(accepted);
  expect([accepted.status, location]).toEqual([202, `${path}/${begun.id}`]);
  expect(begun).toMatchObject({ easel: { warnings: [{ parameter: 'stream' }] } });
  expect(['queued', 'in_progress']).toContain(begun.status);
  const ask = async (query = '') => statusOf(await server.get(location + query));
  await expect.poll(async () => (await ask()).status).toBe('completed');
  const { data = [] } = await ask();
  const image = await fetch(data[1]?.url ?? '');
  expect([data.length, image.headers.get('content-type')]).toEqual([2, 'image/png']);
  const inline = await ask('?response_format=b64_json');
  expect(inline).toMatchObject({ progress: 100, easel: { provenance: { model: 'steady-one' } } });
  expect(
    Buffer.from(inline.data?.[0]?.b64_json ?? '', 'base64')
      .subarray(1, 4)
      .toString(),
  ).toBe('PNG');
  // It is a job like others.
  expect(await jsonOf(await server.get(`/api/images/jobs/${begun.id}`))).toMatchObject({
    state: 'succeeded',
  });
});

it('its errors are those of the call, in the fields of its caller', async () => {
  const server = await startServer();
  const wrong = await server.post(path, { prompt, size: 'large', async: true });
  expect([wrong.status, await jsonOf(wrong)]).toMatchObject([400, { error: { param: 'size' } }]);
  const { id } = await statusOf(await server.post(path, { prompt, size: '4x4', async: true }));
  await expect.poll(async () => (await statusOf(await server.get(`${path}/${id}`))).status).toBe('failed');
  expect(await jsonOf(await server.get(`${path}/${id}`))).toMatchObject({
    error: { param: 'size', type: 'invalid_request_error' },
  });
});

it('it is cancelled by DELETE, made once by its key, and seen by its caller alone', async () => {
  const server = await startServer();
  const key = await createKey(server.storageFolder);
  const other = await createKey(server.storageFolder);
  const slow = { prompt, async: true, provider_options: { steady: { delayMs: 60_000 } } };
  const headers = { ...bearer(key), 'idempotency-key': 'once' };
  const [{ id }, again] = [
    await statusOf(await server.post(path, slow, headers)),
    await statusOf(await server.post(path, slow, headers)),
  ];
  expect(again.id).toBe(id);
  expect((await server.get(`${path}/${id}`, bearer(other))).status).toBe(404);
  const cancelled = await fetch(`${server.url}${path}/${id}`, { method: 'DELETE', headers: bearer(key) });
  expect(await statusOf(cancelled)).toMatchObject({ id, status: 'cancelled' });
});

it('edits can be async, too', async () => {
  const server = await startServer();
  const image = `data:image/png;base64,${Buffer.from(onePixelPng).toString('base64')}`;
  const edit = await server.post('/v1/images/edits', { prompt, image, async: true });
  expect(edit.status).toBe(202);
  const location = edit.headers.get('location') ?? '';
  expect(location).toMatch(/^\/v1\/images\/edits\//);
  // The fixture's models take no images.
  await expect
    .poll(async () => (await statusOf(await server.get(location))).error?.code)
    .toBe('ERR_REQUEST_INVALID');
});
