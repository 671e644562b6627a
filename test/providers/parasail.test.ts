import type { Progress } from '@easel/plugin-sdk';
import { drawPicture, isPictureOf, subjectOf } from '@easel/plugin-sdk/emulator';
import { describe, expect, it } from 'vitest';
import { by, createParasailWorld } from './parasail-world.js';

type SentLine = { custom_id: string; method: string; url: string; body: Record<string, unknown> };

/** The lines of the batches that were uploaded, one after the other. */
const uploadedLines = ({ body }: { readonly body: Buffer }): SentLine[] =>
  [...body.toString('utf8').matchAll(/^\{"custom_id".*$/gm)].map(([text]) => JSON.parse(text));

describe('parasail, by batch', () => {
  it('makes a picture, and sends what the protocol says', async () => {
    const { emulator, createKernel } = await createParasailWorld();
    const { images, provenance, cost } = await createKernel().generateImage({
      prompt: 'a red house',
      negativePrompt: 'a garden',
      seed: 7,
      ...by('batch', { body: { lora: 'oil' } }),
    });
    expect(await isPictureOf(images[0]!.bytes, 'a red house')).toBe(true);
    expect(images[0]).toMatchObject({ mediaType: 'image/png', width: 64, height: 64, seed: 7 });
    expect(provenance.parameters).toMatchObject({ delivery: 'batch', batches: ['batch_1'] });
    expect(cost).toBeUndefined();
    expect(emulator.paid).toBe(1);
    const [upload] = emulator.seen('POST', /files$/);
    expect(uploadedLines(upload!)).toEqual([
      {
        custom_id: expect.stringMatching(/^[0-9a-f-]{36}-1$/),
        method: 'POST',
        url: '/v1/images/generations',
        body: {
          model: 'emulated/flux',
          prompt: 'a red house',
          negative_prompt: 'a garden',
          size: '64x64',
          response_format: 'b64_json',
          seed: 7,
          lora: 'oil',
        },
      },
    ]);
    const id = uploadedLines(upload!)[0]!.custom_id.slice(0, 36);
    expect(upload?.body.toString()).toContain(`filename="easel-${id}.jsonl"`);
    expect(emulator.seen('POST', /batches$/)[0]?.json).toEqual({
      input_file_id: 'file-1',
      endpoint: '/v1/images/generations',
      completion_window: '24h',
      metadata: { easel_batch: id },
    });
    // What was uploaded is taken away when it has served.
    await expect.poll(() => emulator.files.stored.size).toBe(0);
  });

  it('sends a batch at once when it is full, and calls for different endpoints in different batches', async () => {
    const { emulator, createKernel } = await createParasailWorld({
      settings: { gatherMs: 20_000, fullAt: 2 },
    });
    const kernel = createKernel();
    const bytes = new Uint8Array(await drawPicture('an input', { width: 32, height: 32 }));
    const inputImages = [{ bytes, mediaType: 'image/png' as const }];
    const results = await Promise.all([
      kernel.generateImage({ prompt: 'one', n: 2 }),
      kernel.generateImage({ prompt: 'two', n: 2, inputImages }),
    ]);
    expect(await isPictureOf(results[1]!.images[1]!.bytes, subjectOf('two', [bytes]))).toBe(true);
    expect([...emulator.batches.values()].map(({ created }) => created.endpoint).sort()).toEqual([
      '/v1/images/edits',
      '/v1/images/generations',
    ]);
  });

  it('edits as OmniGen wants it, and says what a model cannot do', async () => {
    const { emulator, createKernel } = await createParasailWorld();
    const kernel = createKernel();
    const bytes = new Uint8Array(await drawPicture('an input', { width: 32, height: 32 }));
    const inputImages = [{ bytes, mediaType: 'image/png' as const }];
    const model = 'parasail-omnigen-v1';
    const size = { width: 128, height: 128 };
    const placed = '<img><|image_1|></img> make it winter';
    const { images } = await kernel.generateImage({ prompt: 'make it winter', model, inputImages, ...size });
    expect(await isPictureOf(images[0]!.bytes, subjectOf(placed, [bytes]))).toBe(true);
    const [line] = uploadedLines(emulator.seen('POST', /files$/)[0]!);
    const data = Buffer.from(bytes).toString('base64');
    expect(line?.body).toMatchObject({ prompt: placed, size: '128x128', image: [data] });
    await expect(kernel.generateImage({ prompt: 'a house', model })).rejects.toMatchObject({
      code: 'ERR_REQUEST_INVALID',
      message: expect.stringContaining('makes no pictures of a prompt alone'),
    });
    const direct = kernel.generateImage({ prompt: 'a house', model, inputImages, ...by('direct') });
    await expect(direct).rejects.toMatchObject({ hint: expect.stringContaining('directEndpoints.edit') });
  });

  it('tells its state, its place and when it may be done', async () => {
    const course = { validatingMs: 300, perLineMs: 200, finalizingMs: 300 };
    const { createKernel } = await createParasailWorld({ course: () => course });
    const kernel = createKernel();
    const told: Progress[] = [];
    await Promise.all([
      kernel.generateImage({ prompt: 'one' }),
      kernel.generateImage({ prompt: 'two' }, { onProgress: (progress) => told.push(progress) }),
      kernel.generateImage({ prompt: 'three' }),
    ]);
    const messages = told.map(({ message }) => message ?? '');
    const said = (pattern: RegExp) =>
      expect(
        messages.some((message) => pattern.test(message)),
        `${pattern}`,
      ).toBe(true);
    said(/^waits with \d more for a batch, at most 1 s$/);
    said(/^is sent as picture \d of a batch of 3$/);
    said(/^batch batch_1 is validating: picture \d of 3, 0 of 3 are done, within 24 h$/);
    said(/^batch batch_1 is in progress: picture \d of 3, [12] of 3 are done, about \d s left$/);
    said(/^batch batch_1 is finalizing/);
    const fractions = told.map(({ fraction }) => fraction);
    expect(fractions).toEqual([...fractions].sort((one, other) => one - other));
    expect(new Set(told.map(({ stage }) => stage))).toEqual(new Set(['queue', 'generate', 'finish']));
  });

  it('looks at a batch at growing intervals', async () => {
    const times: number[] = [];
    const { createKernel } = await createParasailWorld({
      settings: { firstPollMs: 40, longestPollMs: 150 },
      course: () => ({ perLineMs: 700 }),
      script: ({ method, path }) => {
        if (method === 'GET' && /batches\/batch_1$/.test(path)) times.push(performance.now());
        return undefined;
      },
    });
    await createKernel().generateImage({ prompt: 'a snail' });
    const pauses = times.slice(1).map((time, index) => time - times[index]!);
    expect(pauses.length).toBeGreaterThan(4);
    expect(pauses.length).toBeLessThan(9);
    expect(pauses[0]).toBeLessThan(pauses.at(-1)!);
    expect(pauses.at(-1)).toBeGreaterThan(145);
  });

  it('sends nothing for a call that is cancelled while it is gathered', async () => {
    const { emulator, createKernel } = await createParasailWorld({ settings: { gatherMs: 300 } });
    const kernel = createKernel();
    const controller = new AbortController();
    const told: Progress[] = [];
    const onProgress = (progress: Progress) => void told.push(progress);
    const cancelled = kernel.generateImage({ prompt: 'one' }, { signal: controller.signal, onProgress });
    await expect.poll(() => told.length).toBeGreaterThan(0);
    const other = kernel.generateImage({ prompt: 'two' });
    controller.abort();
    await expect(cancelled).rejects.toMatchObject({ code: 'ERR_ABORTED' });
    await other;
    expect([...emulator.batches.values()].map(({ created }) => created.lines.length)).toEqual([1]);
  });
});

describe('parasail, directly', () => {
  it('makes pictures of a prompt, and of pictures, at once', async () => {
    const { emulator, createKernel } = await createParasailWorld();
    const kernel = createKernel();
    const made = await kernel.generateImage({ prompt: 'a cow', n: 2, seed: 3, ...by('direct') });
    expect(made.images.map(({ seed }) => seed)).toEqual([3, 4]);
    expect(await isPictureOf(made.images[1]!.bytes, 'a cow')).toBe(true);
    expect(made.provenance.parameters).toMatchObject({ delivery: 'direct' });
    const bytes = new Uint8Array(await drawPicture('an input', { width: 32, height: 32, format: 'jpeg' }));
    const inputImages = [{ bytes, mediaType: 'image/jpeg' as const }];
    const edited = await kernel.generateImage({
      prompt: 'in winter',
      inputImages,
      outputFormat: 'webp',
      ...by('direct'),
    });
    expect(edited.images[0]?.mediaType).toBe('image/webp');
    expect(await isPictureOf(edited.images[0]!.bytes, subjectOf('in winter', [bytes]))).toBe(true);
    expect(emulator.paid).toBe(3);
    expect(emulator.batches.size).toBe(0);
  });

  it('does not pay again by itself for an answer that never came', async () => {
    const { emulator, createKernel } = await createParasailWorld({ retries: 3 });
    const kernel = createKernel();
    emulator.script = () => ({ breakOff: 'after' });
    await expect(kernel.generateImage({ prompt: 'x', ...by('direct') })).rejects.toMatchObject({
      code: 'ERR_PROVIDER_BAD_RESPONSE',
    });
    expect(emulator.paid).toBe(1);
  });
});
