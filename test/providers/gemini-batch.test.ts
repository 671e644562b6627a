import type { Progress } from '@easel/plugin-sdk';
import { drawPicture, isPictureOf, subjectOf } from '@easel/plugin-sdk/emulator';
import { describe, expect, it } from 'vitest';
import { enhanced } from '../../plugins/gemini/src/emulator/index.js';
import { createGeminiBatchWorld, small } from './gemini-batch-world.js';

const uploads = /^\/upload\/v1beta\/files$/;
const creates = /:batchGenerateContent$/;

describe('gemini, by batch', () => {
  it('makes a picture for half the price, and sends what the protocol says', async () => {
    const { emulator, createKernel } = await createGeminiBatchWorld();
    const { images, provenance, cost } = await createKernel().generateImage({ prompt: 'a red house' });
    expect(await isPictureOf(images[0]!.bytes, 'a red house')).toBe(true);
    expect(images[0]).toMatchObject({ mediaType: 'image/png', width: 1024, height: 1024 });
    expect(provenance.parameters).toMatchObject({
      delivery: 'batch',
      batches: ['batches/emulated1'],
      aspectRatio: '1:1',
      imageSize: '1K',
      pricesAsOf: '2026-11-22',
    });
    // Half of 1120 tokens of picture at $60 a million, and of 3 of prompt at $0.50.
    expect(cost).toEqual({ amount: 0.03360075, currency: 'USD' });
    expect(emulator.paid).toBe(1);
    const [start, bytes] = emulator.seen('POST', uploads);
    const { file } = start!.json as { file: { name: string } };
    const id = file.name.replace('files/', '');
    expect(id).toMatch(/^[0-9a-f-]{36}$/);
    expect(file).toMatchObject({ displayName: `files/${id}`, mimeType: 'application/jsonl' });
    expect(JSON.parse(bytes!.body.toString('utf8'))).toEqual({
      key: `${id}-1`,
      request: {
        contents: [{ role: 'user', parts: [{ text: 'a red house' }] }],
        generationConfig: {
          responseModalities: ['TEXT', 'IMAGE'],
          imageConfig: { aspectRatio: '1:1', imageSize: '1K' },
        },
      },
    });
    const [create] = emulator.seen('POST', creates);
    expect(create?.path).toBe('/v1beta/models/gemini-3.1-flash-image:batchGenerateContent');
    expect(create?.json).toEqual({
      batch: { displayName: `easel-${id}`, inputConfig: { fileName: `files/${id}` } },
    });
    // What was uploaded is taken away when it has served.
    await expect.poll(() => emulator.files.stored.size).toBe(0);
  });

  it('sends a batch at once when it is full, and calls for different models in different batches', async () => {
    const { emulator, createKernel } = await createGeminiBatchWorld({
      settings: { gatherMs: 20_000, fullAt: 2 },
    });
    const kernel = createKernel();
    const bytes = new Uint8Array(await drawPicture('a summer', { width: 64, height: 48 }));
    const inputImages = [{ bytes, mediaType: 'image/png' as const }];
    const [, edited] = await Promise.all([
      kernel.generateImage({ prompt: 'one', n: 2, ...small }),
      kernel.generateImage({ prompt: 'in winter', n: 2, inputImages, model: 'gemini-3-pro-image' }),
    ]);
    expect(await isPictureOf(edited!.images[1]!.bytes, subjectOf('in winter', [bytes]))).toBe(true);
    const models = [...emulator.batches.values()].map(({ created }) => created.model);
    expect(models.sort()).toEqual(['gemini-3-pro-image', 'gemini-3.1-flash-image']);
  });

  it('goes by the setting of the plugin, and by the request before it', async () => {
    const { emulator, createKernel } = await createGeminiBatchWorld({ settings: { delivery: 'direct' } });
    const kernel = createKernel();
    const direct = await kernel.generateImage({ prompt: 'a cow', ...small });
    expect(direct.provenance.parameters).not.toHaveProperty('batches');
    expect(emulator.batches.size).toBe(0);
    const providerOptions = { gemini: { delivery: 'batch' } };
    const batched = await kernel.generateImage({ prompt: 'a cow', ...small, providerOptions });
    expect(batched.provenance.parameters).toMatchObject({ batches: ['batches/emulated1'] });
    expect(batched.cost!.amount).toBeCloseTo(direct.cost!.amount / 2, 9);
    expect(emulator.paid).toBe(2);
  });

  it('has the prompt worded anew first, for its usual price', async () => {
    const { emulator, createKernel } = await createGeminiBatchWorld();
    const { images, provenance, cost } = await createKernel().generateImage({
      prompt: 'a hill',
      n: 2,
      providerOptions: { gemini: { enhancePrompt: true } },
    });
    expect(await isPictureOf(images[1]!.bytes, enhanced('a hill'))).toBe(true);
    expect(provenance.parameters).toMatchObject({ prompt: 'a hill', enhancedPrompt: enhanced('a hill') });
    expect(emulator).toMatchObject({ paid: 2, paidTexts: 1 });
    // Half of twice 1120 tokens at $60 and 11 at $0.50; 2 and 20 of the text model at $0.30 and $2.50.
    expect(cost?.amount).toBeCloseTo((1120 * 60 + 11 * 0.5 + 2 * 0.3 + 20 * 2.5) / 1e6, 6);
  });

  it('tells its state, its place and when it may be done', async () => {
    const { createKernel } = await createGeminiBatchWorld({
      course: () => ({ pendingMs: 1_500, perLineMs: 300 }),
      settings: { gatherMs: 500 },
    });
    const kernel = createKernel();
    const told: Progress[] = [];
    await Promise.all([
      kernel.generateImage({ prompt: 'one', ...small }),
      kernel.generateImage({ prompt: 'two', ...small }, { onProgress: (progress) => told.push(progress) }),
      kernel.generateImage({ prompt: 'three', ...small }),
    ]);
    const messages = told.map(({ message }) => message ?? '');
    const said = (pattern: RegExp) =>
      expect(
        messages.some((message) => pattern.test(message)),
        `${pattern}`,
      ).toBe(true);
    said(/^waits with (?:no other|\d more) for a batch, at most 1 s$/);
    said(/^is sent as picture \d of a batch of 3$/);
    said(/^batch batches\/emulated1 is pending: picture \d of 3, 0 of 3 are done, within 48 h$/);
    said(/^batch batches\/emulated1 is running: picture \d of 3, [12] of 3 are done, about \d s left$/);
    const fractions = told.map(({ fraction }) => fraction);
    expect(fractions).toEqual([...fractions].sort((one, other) => one - other));
  });

  it('lets a call that is answered at once pass many that wait for a batch', async () => {
    const { emulator, createKernel } = await createGeminiBatchWorld({ course: () => ({ stallsAfter: 0 }) });
    const kernel = createKernel();
    const controllers = Array.from({ length: 20 }, () => new AbortController());
    const waiting = controllers.map(({ signal }, index) =>
      kernel.generateImage({ prompt: `animal ${index}`, ...small }, { signal }),
    );
    const ended = Promise.allSettled(waiting);
    await expect.poll(() => emulator.batches.size).toBeGreaterThan(0);
    const providerOptions = { gemini: { delivery: 'direct' } };
    const { images } = await kernel.generateImage({ prompt: 'a cow', ...small, providerOptions });
    expect(await isPictureOf(images[0]!.bytes, 'a cow')).toBe(true);
    for (const controller of controllers) controller.abort();
    await ended;
  });
});
