/**
 * Providers that answer with an id, through a kernel: what is sent, what is paid, and what becomes of it
 * whoever is killed.
 *
 * @module
 */
import type { Fault, SeenRequest } from '@easel/plugin-sdk/emulator';
import {
  drawPicture,
  isPictureOf,
  subjectOf,
  type TaskEmulator,
  type TaskEmulatorOptions,
} from '@easel/plugin-sdk/emulator';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { killPlugin, openProviderKernels, type ProviderKernels } from './provider-kernels.js';
import { type QueueProvider, queueProviders } from './queue-providers.js';

async function openWorld(provider: QueueProvider, options: TaskEmulatorOptions = {}) {
  const emulator = await provider.start(options);
  const kernels = await openProviderKernels({
    plugin: provider.id,
    model: provider.model,
    environment: provider.secrets,
    options: provider.optionsFor(emulator),
    retries: 2,
    // Some tests fail one call after the other, through one kernel.
    breaker: { minimumCalls: 10_000 },
  });
  return { emulator, kernels };
}

/** What a test looks at: what has come to the emulator, and was paid, since it began. */
function sinceNow(provider: QueueProvider, emulator: TaskEmulator) {
  const count = (all: readonly unknown[]) => all.length;
  const all = () => emulator.seen('POST', provider.submit);
  const [submittedBefore, paidBefore, tasksBefore] = [count(all()), emulator.paid, emulator.tasks.size];
  const asked = emulator.seen('GET', provider.ask).length;
  emulator.script = undefined;
  emulator.isHostDown = false;
  return {
    submitted: () => all().slice(submittedBefore),
    questions: () => emulator.seen('GET', provider.ask).slice(asked),
    paid: () => emulator.paid - paidBefore,
    tasks: () => [...emulator.tasks.values()].slice(tasksBefore),
    /** Lets a fault happen to the first request that begins a task. */
    atSubmission(fault: Fault) {
      let isOver = false;
      emulator.script = ({ method, path }: SeenRequest) => {
        if (isOver || method !== 'POST' || !provider.submit.test(path)) return undefined;
        isOver = true;
        return fault;
      };
    },
  };
}

const size = { width: 512, height: 512 };

describe.each(queueProviders)('$id', (provider) => {
  let emulator: TaskEmulator;
  let kernels: ProviderKernels;
  let kernel: ReturnType<ProviderKernels['createKernel']>;
  // One process for all tests that do not kill it; each asks for something of its own.
  beforeAll(async () => {
    ({ emulator, kernels } = await openWorld(provider));
    kernel = kernels.createKernel();
  });
  afterAll(async () => {
    await kernels.close();
    await emulator.close();
  });

  it('makes each image of a seed by a task of its own, and several without one at once', async () => {
    const { submitted, paid } = sinceNow(provider, emulator);
    const asked = { prompt: 'a star', ...size };
    const { images, cost } = await kernel.generateImage({ ...asked, seed: 7, n: 2 });
    expect(images.map(({ seed }) => seed)).toEqual([7, 8]);
    for (const { bytes } of images) expect(await isPictureOf(bytes, 'a star')).toBe(true);
    expect(submitted()).toHaveLength(2);
    expect(cost).toMatchObject({ currency: 'USD' });
    await kernel.generateImage({ ...asked, n: 4 });
    expect(paid()).toBe(6);
  });

  it('sends input images, and shows what is not the size that was asked for', async () => {
    sinceNow(provider, emulator);
    const bytes = new Uint8Array(await drawPicture('an input', { width: 64, height: 64 }));
    const { images, warnings } = await kernel.generateImage({
      ...{ prompt: 'an edit', ...size, seed: 7, model: provider.editor },
      inputImages: [{ bytes, mediaType: 'image/png' as const }],
    });
    expect(await isPictureOf(images[0]!.bytes, subjectOf('an edit', [bytes]))).toBe(true);
    expect(warnings.map(({ parameter }) => parameter)).toContain('width');
  });

  it.each([
    ['the answer to the request that begins it breaks off', { breakOff: 'after' as const }],
    [
      'a proxy answers 502 when it has begun',
      { answerAfter: { status: 502, body: '<html>Bad gateway</html>' } },
    ],
    ['the answer comes too late', { delayMs: 3_500 }],
    ['the answer is cut', { cutAtByte: 20 }],
  ])('%s: it may have been paid, and is told so for ever under its id', async (name, fault) => {
    const { submitted, paid, atSubmission } = sinceNow(provider, emulator);
    atSubmission(fault);
    const asked = { prompt: name, ...size, seed: 7 };
    const call = () => kernel.generateImage(asked, { requestId: `first of ${name}` });
    const told = { mayBePaid: true, message: expect.stringMatching(/may have been paid/) };
    await expect(call()).rejects.toMatchObject(told);
    await expect(call()).rejects.toMatchObject(told);
    expect(submitted()).toHaveLength(1);
    // Another call is another call.
    const other = await kernel.generateImage(asked, { requestId: `second of ${name}` });
    expect(other.images).toHaveLength(1);
    await expect.poll(paid).toBe(2);
  });

  it('waits for as long as the words of a refusal say, and pays nothing for it', async () => {
    const { paid, atSubmission } = sinceNow(provider, emulator);
    const detail = 'Request was throttled. Your rate limit resets in ~1s.';
    atSubmission({ answer: { status: 429, body: { detail } } });
    const { provenance } = await kernel.generateImage({ prompt: 'a throttled star', ...size });
    expect(provenance.attempts).toHaveLength(2);
    expect(paid()).toBe(1);
  });

  it('asks again where a question about a task fails', async () => {
    const { paid } = sinceNow(provider, emulator);
    let left = 3;
    emulator.script = ({ path, method }) =>
      method === 'GET' && provider.ask.test(path) && left-- > 0
        ? [{ breakOff: 'before' as const }, { answer: { status: 502, body: '<html>' } }, { cutAtByte: 5 }][
            left
          ]
        : undefined;
    expect((await kernel.generateImage({ prompt: 'a question', ...size })).images).toHaveLength(1);
    expect(paid()).toBe(1);
  });

  it('cancels a task that nobody wants, where the provider can, and keeps nothing of it', async () => {
    const { isUnstoppable = false } = provider;
    const { paid, tasks } = sinceNow(provider, emulator);
    const controller = new AbortController();
    const request = { prompt: 'a snail, slowly', ...size, seed: 7 };
    const call = kernel.generateImage(request, { signal: controller.signal });
    await expect.poll(() => tasks().length).toBe(1);
    controller.abort();
    await expect(call).rejects.toMatchObject({ code: 'ERR_ABORTED' });
    await expect.poll(() => tasks()[0]?.isCancelled).toBe(!isUnstoppable);
    expect(paid()).toBe(isUnstoppable ? 1 : 0);
  });

  it('sends the key to no other host', async () => {
    sinceNow(provider, emulator);
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
    const call = kernel.generateImage({ prompt: 'a thief', ...size, seed: 7 });
    await expect(call).rejects.toMatchObject({ mayBePaid: true });
    expect(other.seen('GET', /./)).toEqual([]);
  });
});

it.each(queueProviders)(
  '$id: takes up a task of a process that was killed, and its images where their addresses have expired',
  async (provider) => {
    const { emulator, kernels } = await openWorld(provider, { workMs: 400 });
    onTestFinished(async () => {
      await kernels.close();
      await emulator.close();
    });
    const kernel = kernels.createKernel();
    const { questions, paid } = sinceNow(provider, emulator);
    const asked = { prompt: 'a star', ...size, seed: 7 };
    const call = kernel.generateImage(asked, { requestId: 'job-1' });
    await expect.poll(() => questions().length).toBeGreaterThan(0);
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
    const again = await kernels.createKernel().generateImage(asked, { requestId: 'job-1' });
    expect(await isPictureOf(again.images[0]!.bytes, 'a star')).toBe(true);
    expect(again.provenance.parameters).toMatchObject({ resumed: 1 });
    expect(paid()).toBe(1);
  },
);

it.each(queueProviders)(
  '$id: an image whose address has expired was paid, is told so, and is not made again',
  async (provider) => {
    const { emulator, kernels } = await openWorld(provider, { imageMs: 0 });
    onTestFinished(async () => {
      await kernels.close();
      await emulator.close();
    });
    const { submitted, paid } = sinceNow(provider, emulator);
    const asked = { prompt: 'a star', ...size, seed: 7 };
    const call = () => kernels.createKernel().generateImage(asked, { requestId: 'job-1' });
    const told = { mayBePaid: true, message: expect.stringMatching(/may have been paid/) };
    await expect(call()).rejects.toMatchObject({ code: 'ERR_PROVIDER_BAD_RESPONSE', ...told });
    await expect(call()).rejects.toMatchObject(told);
    expect([submitted().length, paid()]).toEqual([1, 1]);
  },
);

it.each(queueProviders.filter(({ id }) => id !== 'replicate'))(
  '$id: an image that is held back in an answer of status 200 is refused, and not made again',
  async (provider) => {
    const { emulator, kernels } = await openWorld(provider);
    onTestFinished(async () => {
      await kernels.close();
      await emulator.close();
    });
    const { submitted } = sinceNow(provider, emulator);
    const call = kernels.createKernel().generateImage({ prompt: 'a flagged thing', ...size, seed: 7 });
    await expect(call).rejects.toMatchObject({ code: 'ERR_CONTENT_REFUSED' });
    expect(submitted()).toHaveLength(1);
  },
);
