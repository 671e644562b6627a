import OpenAI, { toFile } from 'openai';
import sharp from 'sharp';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { onePixelPng } from '../fixtures/one-pixel-png.js';
import { jsonOf, startServer, type TestServer } from './server.js';

const prompt = 'a fixture';
/** OpenAI's own client, which does not try again. */
const clientOf = ({ url }: TestServer, options: object = {}) =>
  new OpenAI({ apiKey: 'unused', baseURL: `${url}/v1`, maxRetries: 0, ...options });
/** What is told beside OpenAI's fields. */
const ownFields = z.object({
  easel: z.object({ provenance: z.unknown(), warnings: z.array(z.object({ parameter: z.string() })) }),
});
const picture = `data:image/png;base64,${Buffer.from(onePixelPng).toString('base64')}`;
const bytesOf = (base64: string | undefined) => new Uint8Array(Buffer.from(base64 ?? '', 'base64'));

describe("OpenAI's client", () => {
  it('makes pictures, with fields of its own and of ours', async () => {
    const client = clientOf(await startServer());
    const { data, created, size, output_format, ...more } = await client.images.generate({
      model: 'steady-one',
      prompt,
      n: 2,
      size: '1024x1024',
      quality: 'high',
      // @ts-expect-error The client's types do not know our fields; it sends them as they are.
      negative_prompt: 'nothing else',
      made_up: true,
    });
    expect(data).toHaveLength(2);
    expect(await sharp(bytesOf(data?.[0]?.b64_json)).metadata()).toMatchObject({ format: 'png', width: 1 });
    expect([size, output_format]).toEqual(['1x1', 'png']);
    expect(created).toBeGreaterThan(1_700_000_000);
    const { easel } = ownFields.parse(more);
    expect(easel.provenance).toMatchObject({ model: 'steady-one', plugin: { id: 'steady' } });
    expect(easel.warnings.map(({ parameter }) => parameter).sort()).toEqual([
      'made_up',
      'negative_prompt',
      'quality',
    ]);
  });

  it('is answered a URL where it asks for one, and nothing changes behind it', async () => {
    const server = await startServer();
    const { data } = await clientOf(server).images.generate({ prompt, response_format: 'url' });
    const [{ url = '' } = {}] = data ?? [];
    const picture = await fetch(url);
    expect(picture.headers.get('content-type')).toBe('image/png');
    expect(picture.headers.get('cache-control')).toMatch(/max-age=31536000, immutable/);
    const etag = picture.headers.get('etag') ?? '';
    expect((await fetch(url, { headers: { 'if-none-match': etag } })).status).toBe(304);
    const part = await fetch(url, { headers: { range: 'bytes=1-3' } });
    expect([part.status, await part.text()]).toEqual([206, 'PNG']);
    const thumbnail = await fetch(`${url}/thumbnail`);
    expect(thumbnail.headers.get('content-type')).toBe('image/webp');
    const small = new Uint8Array(await thumbnail.arrayBuffer());
    expect(await sharp(small).metadata()).toMatchObject({ format: 'webp', width: 1, height: 1 });
    expect(await (await fetch(`${url}/metadata`)).json()).toMatchObject({
      mediaType: 'image/png',
      provenance: { model: 'steady-one' },
    });
  });

  it('streams to the finished picture', async () => {
    const client = clientOf(await startServer());
    const stream = await client.images.generate({ prompt, n: 2, stream: true, partial_images: 2 });
    const events = [];
    for await (const event of stream) events.push(event);
    expect(events.map(({ type }) => type)).toEqual([
      'image_generation.completed',
      'image_generation.completed',
    ]);
    expect(bytesOf(events[0]?.b64_json)[1]).toBe('P'.charCodeAt(0));
  });

  it.each([
    [{ prompt: '' }, 400, 'invalid_request', 'prompt'],
    [{ prompt, model: 'nobody' }, 404, 'model_not_found', 'model'],
    [{ prompt, n: 40 }, 400, 'invalid_request', 'n'],
    [{ prompt, n: 9 }, 400, 'ERR_REQUEST_INVALID', 'n'],
    [{ prompt, size: 'large' }, 400, 'invalid_request', 'size'],
    [{ prompt, size: '4x4' }, 400, 'ERR_REQUEST_INVALID', 'size'],
    [{ prompt, maxCost: 0.01 }, 400, 'ERR_REQUEST_INVALID', 'max_cost'],
  ])('is told what is wrong with %j', async (body, status, code, param) => {
    const client = clientOf(await startServer());
    const failed = client.images.generate(body as OpenAI.ImageGenerateParamsNonStreaming);
    await expect(failed).rejects.toMatchObject({ status, code, param, requestID: expect.any(String) });
  });

  it('is told of refusals and of failures by its own classes', async () => {
    const client = clientOf(await startServer());
    const ask = (behaviour: string) =>
      client.images.generate({
        prompt,
        model: 'chaos-one',
        provider_options: { chaos: { behaviour } },
      } as OpenAI.ImageGenerateParamsNonStreaming);
    await expect(ask('refuse')).rejects.toMatchObject({
      name: 'Error',
      status: 400,
      code: 'content_policy_violation',
      type: 'invalid_request_error',
    });
    await expect(ask('throw')).rejects.toBeInstanceOf(OpenAI.InternalServerError);
  });

  it('learns in the middle of a stream that it failed', async () => {
    const client = clientOf(await startServer());
    // Its plugin runs: what comes in time is said in the stream.
    await client.images.generate({ prompt });
    const slow = { provider_options: { steady: { delayMs: 5_000 } }, timeout_ms: 1_000 };
    const body = { prompt, stream: true, ...slow };
    const stream = await client.images.generate(body as OpenAI.ImageGenerateParamsStreaming);
    const read = async () => {
      for await (const _ of stream);
    };
    await expect(read()).rejects.toMatchObject({ error: { code: 'ERR_DEADLINE' } });
  });

  it.each([
    ['asks again where nothing was paid', 'exit', 'none', 2],
    ['does not ask again what may have been paid', 'well', 'exit', 0],
  ])('%s', async (_, start, behaviour, restarts) => {
    const server = await startServer({ plugins: { chaos: { options: { start } } } });
    const client = clientOf(server, { maxRetries: 2 });
    const chaos = { model: 'chaos-one', provider_options: { chaos: { behaviour } } };
    await client.images
      .generate({ prompt, ...chaos } as OpenAI.ImageGenerateParamsNonStreaming)
      .catch(() => {});
    const { plugins } = server.manager.getServiceHealth();
    expect(plugins.find(({ id }) => id === 'chaos')).toMatchObject({ restarts, lastError: {} });
  });

  it('edits one picture or several, with a mask', async () => {
    const server = await startServer();
    const client = clientOf(server);
    const picture = await toFile(onePixelPng, 'a.png', { type: 'image/png' });
    const edit = (image: OpenAI.ImageEditParams['image'], more: object = {}) =>
      client.images.edit({ image, prompt, ...more } as OpenAI.ImageEditParamsNonStreaming);
    // The fixture's models take no pictures: what counts is that each arrives under its name.
    await expect(edit(picture)).rejects.toMatchObject({ status: 400, param: 'image' });
    await expect(edit([picture, picture])).rejects.toThrow(/takes none, not 2/);
    await expect(edit(await toFile(Buffer.from('no picture'), 'a.png'))).rejects.toMatchObject({
      code: 'invalid_image',
      param: 'image',
    });
  });

  it.each<[object, string]>([
    [{ images: [{ image_url: picture }] }, 'takes none, not 1'],
    [
      { images: [{ image_url: { url: picture } }, picture], mask: { image_url: picture } },
      'takes none, not 2',
    ],
    [{ image: picture }, 'takes none, not 1'],
    [{ image: [{ image_url: picture }] }, 'takes none, not 1'],
    [{}, 'images: is missing'],
    [{ images: [] }, 'images: is missing'],
    [{ images: [{ file_id: 'file-1' }] }, 'files by id are not kept here'],
    [{ images: [{ image_url: '!!' }] }, 'images.0: must be base64'],
    [{ images: [{ image_url: 'http://127.0.0.1:9/a.png' }] }, 'images.0: '],
    [{ images: [{ image_url: picture }], mask: { image_url: 'data:image/png;base64,AAAA' } }, 'mask: '],
  ])('edits images that JSON names: %j', async (body, told) => {
    const server = await startServer();
    const response = await server.post('/v1/images/edits', { prompt, ...body });
    expect(response.status).toBe(400);
    expect((await jsonOf<{ error: { message: string } }>(response)).error.message).toContain(told);
  });

  it('lists the models', async () => {
    const client = clientOf(await startServer());
    const ids = [];
    for await (const { id, object } of client.models.list()) ids.push([id, object]);
    expect(ids).toEqual([
      ['chaos-one', 'model'],
      ['steady-one', 'model'],
    ]);
  });

  it('stops the work when it goes away', async () => {
    const server = await startServer();
    const steady = () => server.manager.getServiceHealth().plugins.find(({ id }) => id === 'steady');
    const controller = new AbortController();
    const body = { prompt, provider_options: { steady: { delayMs: 20_000 } } };
    const call = clientOf(server).images.generate(body as OpenAI.ImageGenerateParamsNonStreaming, {
      signal: controller.signal,
    });
    await expect.poll(() => steady()?.inFlight).toBe(1);
    controller.abort();
    await expect(call).rejects.toBeInstanceOf(OpenAI.APIUserAbortError);
    // Long before the work would have ended by itself.
    await expect.poll(() => steady()?.inFlight).toBe(0);
  });
});

it('tells of one model, and of none in the words of its API', async () => {
  const server = await startServer();
  const known = await server.get('/v1/models/steady-one');
  expect([known.status, await jsonOf(known)]).toEqual([
    200,
    expect.objectContaining({ id: 'steady-one', object: 'model', owned_by: 'steady' }),
  ]);
  const unknown = await server.get('/v1/models/nobody/else');
  expect([unknown.status, await jsonOf(unknown)]).toEqual([
    404,
    { error: expect.objectContaining({ code: 'model_not_found', param: 'model' }) },
  ]);
});
