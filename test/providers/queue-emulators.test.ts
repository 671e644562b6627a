/**
 * The emulators of providers that answer with an id, proven by the providers' own clients.
 *
 * @module
 */
import { createBlackForestLabs } from '@ai-sdk/black-forest-labs';
import { isPictureOf } from '@easel/plugin-sdk/emulator';
import { createFalClient } from '@fal-ai/client';
import Replicate from 'replicate';
import { describe, expect, it, onTestFinished } from 'vitest';
import { emulatedKey as bflKey, startBflEmulator } from '../../plugins/bfl/src/emulator/index.js';
import { emulatedKey as falKey, startFalEmulator } from '../../plugins/fal/src/emulator/index.js';
import {
  emulatedKey as replicateKey,
  startReplicateEmulator,
} from '../../plugins/replicate/src/emulator/index.js';

const fetchBytes = async (url: string) => new Uint8Array(await (await fetch(url)).arrayBuffer());

describe('the emulated queue of fal', () => {
  async function start(credentials = falKey) {
    const emulator = await startFalEmulator();
    onTestFinished(() => emulator.close());
    const client = createFalClient({
      credentials,
      requestMiddleware: async (request) => ({
        ...request,
        url: request.url.replace('https://queue.fal.run', emulator.url),
      }),
    });
    return { emulator, client };
  }

  it('makes images for the official client', async () => {
    const { emulator, client } = await start();
    const { data } = await client.subscribe('fal-ai/flux/schnell', {
      input: {
        prompt: 'a star',
        num_images: 2,
        image_size: { width: 256, height: 256 },
        output_format: 'png',
      },
      pollInterval: 20,
    });
    expect(data.images).toHaveLength(2);
    for (const { url } of data.images) expect(await isPictureOf(await fetchBytes(url), 'a star')).toBe(true);
    expect(emulator.paid).toBe(2);
  });

  it('cancels, and refuses fields, models, content and keys as fal does', async () => {
    const { emulator, client } = await start();
    const { request_id: requestId } = await client.queue.submit('fal-ai/flux/dev', {
      input: { prompt: 'slowly' },
    });
    await client.queue.cancel('fal-ai/flux/dev', { requestId });
    expect(emulator.paid).toBe(0);
    const input = { prompt: 'a star', width: 64 };
    const odd = { input };
    await expect(client.queue.submit('fal-ai/flux/dev', odd)).rejects.toMatchObject({ status: 422 });
    await expect(client.queue.submit('fal-ai/nothing', { input: {} })).rejects.toMatchObject({ status: 404 });
    const refused = client.subscribe('fal-ai/flux/dev', {
      input: { prompt: 'a forbidden thing' },
      pollInterval: 20,
    });
    await expect(refused).rejects.toMatchObject({ status: 422 });
    const { client: stranger } = await start('wrong');
    await expect(stranger.queue.submit('fal-ai/flux/dev', { input: { prompt: 'a' } })).rejects.toMatchObject({
      status: 401,
    });
  });
});

describe('the emulated predictions of Replicate', () => {
  async function start(auth = replicateKey) {
    const emulator = await startReplicateEmulator();
    onTestFinished(() => emulator.close());
    return { emulator, client: new Replicate({ auth, baseUrl: `${emulator.url}/v1`, useFileOutput: false }) };
  }
  const model = 'black-forest-labs/flux-schnell';

  it('makes images for the official client, and lists what it has made', async () => {
    const { emulator, client } = await start();
    const input = { prompt: 'a star', num_outputs: 2, output_format: 'png' };
    const output = (await client.run(model, { input, wait: { mode: 'poll', interval: 20 } })) as string[];
    expect(output).toHaveLength(2);
    for (const url of output) expect(await isPictureOf(await fetchBytes(url), 'a star')).toBe(true);
    expect((await client.predictions.list()).results).toMatchObject([{ input, status: 'succeeded' }]);
    expect(emulator.paid).toBe(2);
  });

  it('cancels, and refuses fields, models, content and keys as Replicate does', async () => {
    const { emulator, client } = await start();
    const { id } = await client.predictions.create({ model, input: { prompt: 'slowly' } });
    expect(await client.predictions.cancel(id)).toMatchObject({ status: 'canceled' });
    expect(emulator.paid).toBe(0);
    const create = (input: object, name = model) => client.predictions.create({ model: name, input });
    await expect(create({ prompt: 'a', width: 64 })).rejects.toMatchObject({ response: { status: 422 } });
    await expect(create({ prompt: 'a' }, 'no/model')).rejects.toMatchObject({ response: { status: 404 } });
    const { id: refused } = await create({ prompt: 'a forbidden thing' });
    await expect
      .poll(() => client.predictions.get(refused))
      .toMatchObject({
        status: 'failed',
        error: expect.stringContaining('NSFW'),
      });
    const { client: stranger } = await start('wrong');
    await expect(stranger.predictions.get(id)).rejects.toMatchObject({ response: { status: 401 } });
  });
});

describe('the emulated tasks of Black Forest Labs', () => {
  async function start(apiKey = bflKey) {
    const emulator = await startBflEmulator();
    onTestFinished(() => emulator.close());
    const withoutKey: typeof fetch = async (url, init) => {
      // This client shows the key to the host of images as well.
      const isImage = new URL(String(url)).pathname.startsWith('/images/');
      return await fetch(url, isImage ? { signal: init?.signal ?? null } : init);
    };
    const client = createBlackForestLabs({ apiKey, baseURL: `${emulator.url}/v1`, fetch: withoutKey });
    const make = async (model: string, prompt: string, options: Record<string, number | string> = {}) =>
      await client.image(model).doGenerate({
        ...{ prompt, n: 1, size: undefined, aspectRatio: undefined, seed: 7, files: undefined },
        mask: undefined,
        providerOptions: {
          blackForestLabs: {
            outputFormat: 'png',
            pollIntervalMillis: 10,
            pollTimeoutMillis: 500,
            ...options,
          },
        },
      });
    return { emulator, make };
  }

  it('makes images for the AI SDK, in a region, and tells their cost', async () => {
    const { emulator, make } = await start();
    const { images, providerMetadata } = await make('flux-2-pro', 'a star', { width: 256, height: 256 });
    expect(await isPictureOf(images[0] as Uint8Array, 'a star')).toBe(true);
    expect(providerMetadata?.blackForestLabs?.images).toMatchObject([{ seed: 7, cost: 3 }]);
    expect(emulator.paid).toBe(1);
  });

  it('refuses fields, models, content and keys as Black Forest Labs does', async () => {
    const { emulator, make } = await start();
    const problem = (statusCode: number) => ({ statusCode });
    await expect(make('flux-2-pro', 'a star', { steps: 20 })).rejects.toMatchObject(problem(422));
    await expect(make('flux-2-flex', 'a star', { width: 300 })).rejects.toMatchObject(problem(422));
    await expect(make('flux-none', 'a star')).rejects.toMatchObject(problem(404));
    // It takes "Request Moderated" for a task that goes on.
    await expect(make('flux-2-pro', 'a forbidden thing')).rejects.toThrow(/timed out/);
    expect(emulator.paid).toBe(0);
    const { make: asStranger } = await start('wrong');
    await expect(asStranger('flux-2-pro', 'a star')).rejects.toMatchObject(problem(403));
  });
});
