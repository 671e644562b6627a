/**
 * Providers that answer with an id, through a kernel: what is sent, what is paid, and what becomes of it
 * whoever is killed.
 *
 * @module
 */
import type { Fault, SeenRequest } from '@easel/plugin-sdk/emulator';
import { drawPicture, isPictureOf, subjectOf, type TaskEmulatorOptions } from '@easel/plugin-sdk/emulator';
import { describe, expect, it, onTestFinished } from 'vitest';
import { killPlugin, openProviderKernels } from './provider-kernels.js';
import { type QueueProvider, queueProviders } from './queue-providers.js';

async function createWorld(
  provider: QueueProvider,
  options: TaskEmulatorOptions = {},
  model = provider.model,
) {
  const emulator = await provider.start(options);
  const kernels = await openProviderKernels({
    plugin: provider.id,
    model,
    environment: provider.secrets,
    options: provider.optionsFor(emulator),
    retries: 2,
  });
  onTestFinished(async () => {
    await kernels.close();
    await emulator.close();
  });
  const submitted = () => emulator.seen('POST', provider.submit);
  /** Lets a fault happen to the first request that begins a task. */
  const atSubmission = (fault: Fault, times = 1) => {
    let left = times;
    emulator.script = ({ method, path }: SeenRequest) =>
      method === 'POST' && provider.submit.test(path) && left-- > 0 ? fault : undefined;
  };
  return { emulator, submitted, atSubmission, kernel: kernels.createKernel(), ...kernels };
}

const asked = { prompt: 'a star', width: 512, height: 512, seed: 7 };

describe.each(queueProviders)('$id', (provider) => {
  it('makes each image of a seed by a task of its own, and several without one at once', async () => {
    const { kernel, emulator, submitted } = await createWorld(provider);
    const { images, cost } = await kernel.generateImage({ ...asked, n: 2 });
    expect(images.map(({ seed }) => seed)).toEqual([7, 8]);
    for (const { bytes } of images) expect(await isPictureOf(bytes, 'a star')).toBe(true);
    expect(submitted()).toHaveLength(2);
    expect(cost).toMatchObject({ currency: 'USD' });
    await kernel.generateImage({ ...asked, seed: undefined, n: 4 });
    expect(emulator.paid).toBe(6);
  });

  it('sends input images, and shows what is not the size that was asked for', async () => {
    const { kernel } = await createWorld(provider, {}, provider.editor);
    const bytes = new Uint8Array(await drawPicture('an input', { width: 64, height: 64 }));
    const inputImages = [{ bytes, mediaType: 'image/png' as const }];
    const { images, warnings } = await kernel.generateImage({ ...asked, inputImages });
    expect(await isPictureOf(images[0]!.bytes, subjectOf('a star', [bytes]))).toBe(true);
    expect(warnings.map(({ parameter }) => parameter)).toContain('width');
  });

  it.each([
    ['the answer to the request that begins it breaks off', { breakOff: 'after' as const }],
    [
      'a proxy answers 502 when it has begun',
      { answerAfter: { status: 502, body: '<html>Bad gateway</html>' } },
    ],
    ['the answer comes too late', { delayMs: 5_000 }],
    ['the answer is cut', { cutAtByte: 20 }],
  ])('%s: it may have been paid, and is told so for ever under its id', async (_, fault) => {
    const { kernel, atSubmission, submitted } = await createWorld(provider);
    atSubmission(fault);
    const call = () => kernel.generateImage(asked, { requestId: 'job-1' });
    await expect(call()).rejects.toMatchObject({
      mayBePaid: true,
      message: expect.stringMatching(/may have been paid/),
    });
    await expect(call()).rejects.toMatchObject({
      mayBePaid: true,
      message: expect.stringMatching(/may have been paid/),
    });
    expect(submitted()).toHaveLength(1);
    // Another call is another call.
    expect((await kernel.generateImage(asked, { requestId: 'job-2' })).images).toHaveLength(1);
  });

  it('waits for as long as the words of a refusal say, and pays nothing for it', async () => {
    const { kernel, emulator, atSubmission } = await createWorld(provider);
    const detail = 'Request was throttled. Your rate limit resets in ~1s.';
    atSubmission({ answer: { status: 429, body: { detail } } });
    const { provenance } = await kernel.generateImage(asked);
    expect(provenance.attempts).toHaveLength(2);
    expect(emulator.paid).toBe(1);
  });

  it('asks again where a question about a task fails', async () => {
    const { kernel, emulator } = await createWorld(provider);
    let left = 3;
    emulator.script = ({ path, method }) =>
      method === 'GET' && provider.ask.test(path) && left-- > 0
        ? [{ breakOff: 'before' as const }, { answer: { status: 502, body: '<html>' } }, { cutAtByte: 5 }][
            left
          ]
        : undefined;
    expect((await kernel.generateImage(asked)).images).toHaveLength(1);
    expect(emulator.paid).toBe(1);
  });

  it('takes up a task of a process that was killed, and its images where their addresses have expired', async () => {
    const { kernel, emulator, createKernel } = await createWorld(provider, { workMs: 400 });
    const call = kernel.generateImage(asked, { requestId: 'job-1' });
    await expect.poll(() => emulator.tasks.size, { timeout: 20_000 }).toBe(1);
    await expect
      .poll(() => emulator.seen('GET', provider.ask).length, { timeout: 20_000 })
      .toBeGreaterThan(0);
    const failing = expect(call).rejects.toMatchObject({ mayBePaid: true });
    await killPlugin(kernel);
    await failing;
    const onResult = async () => {
      await killPlugin(kernel);
      throw new Error('the disk is full');
    };
    await expect(kernel.generateImage(asked, { requestId: 'job-1', onResult })).rejects.toThrow(
      'disk is full',
    );
    // The addresses lead nowhere any more: what was fetched is on disk.
    emulator.isHostDown = true;
    const { images, provenance } = await createKernel().generateImage(asked, { requestId: 'job-1' });
    expect(await isPictureOf(images[0]!.bytes, 'a star')).toBe(true);
    expect(provenance.parameters).toMatchObject({ resumed: 1 });
    expect(emulator.paid).toBe(1);
  });

  it('cancels a task that nobody wants, where the provider can, and keeps nothing of it', async () => {
    const { isUnstoppable = false } = provider;
    const { kernel, emulator } = await createWorld(provider);
    const controller = new AbortController();
    const call = kernel.generateImage({ ...asked, prompt: 'a snail, slowly' }, { signal: controller.signal });
    await expect.poll(() => emulator.tasks.size, { timeout: 20_000 }).toBe(1);
    controller.abort();
    await expect(call).rejects.toMatchObject({ code: 'ERR_ABORTED' });
    await expect
      .poll(() => [...emulator.tasks.values()][0]?.isCancelled, { timeout: 20_000 })
      .toBe(!isUnstoppable);
    expect(emulator.paid).toBe(isUnstoppable ? 1 : 0);
  });

  it('sends the key to no other host', async () => {
    const { kernel, emulator } = await createWorld(provider);
    const other = await provider.start();
    onTestFinished(() => other.close());
    const there = `${other.url}/stolen`;
    const urls = { get: there, cancel: there };
    const body = {
      id: 'x',
      request_id: 'x',
      status_url: there,
      response_url: there,
      cancel_url: there,
      polling_url: there,
      urls,
    };
    let left = 1;
    emulator.script = ({ method }) =>
      method === 'POST' && left-- > 0 ? { answerAfter: { status: 200, body } } : undefined;
    await expect(kernel.generateImage(asked)).rejects.toMatchObject({ mayBePaid: true });
    expect(other.seen('GET', /./)).toEqual([]);
  });
});
