/**
 * What Parasail refuses, limits, loses and breaks, seen through the kernel: nothing is paid twice, and nothing that is paid is lost.
 *
 * @module
 */

import type { Fault, SeenRequest } from '@easel/plugin-sdk/emulator';
import { isPictureOf } from '@easel/plugin-sdk/emulator';
import { describe, expect, it } from 'vitest';
import { openAiError, tooManyRequests, unavailable } from '../../plugins/parasail/src/emulator/index.js';
import { createParasailWorld } from './parasail-world.js';

/** A fault for the first so many requests of that kind. */
function first(count: number, method: string, path: RegExp, fault: Fault) {
  let seen = 0;
  return (request: SeenRequest): Fault | undefined =>
    request.method === method && path.test(request.path) && seen++ < count ? fault : undefined;
}

const files = /\/files$/;
const batches = /\/batches$/;
const batch = /\/batches\/batch_\d+$/;
const content = /\/content$/;

describe('parasail, on the way there', () => {
  it.each([
    ['an upload that is limited', first(2, 'POST', files, { answer: tooManyRequests('0.1') }), 3, 1],
    ['an upload that fails', first(2, 'POST', files, { answer: unavailable() }), 3, 1],
    ['an upload that breaks off', first(1, 'POST', files, { breakOff: 'before' }), 2, 1],
    ['an upload that was taken and has no answer', first(1, 'POST', files, { breakOff: 'after' }), 1, 1],
    ['a batch that is limited', first(2, 'POST', batches, { answer: tooManyRequests('0.1') }), 1, 3],
    ['a batch that fails', first(1, 'POST', batches, { answer: unavailable(500) }), 1, 2],
    ['a batch that breaks off', first(1, 'POST', batches, { breakOff: 'before' }), 1, 2],
    ['a batch that was taken and fails', first(1, 'POST', batches, { answerAfter: unavailable(502) }), 1, 1],
    ['a batch that was taken and has no answer', first(1, 'POST', batches, { breakOff: 'after' }), 1, 1],
    ['a batch that was taken and is answered too late', first(1, 'POST', batches, { delayMs: 700 }), 1, 1],
  ])('%s is paid once', async (_, script, uploads, creates) => {
    const { emulator, createKernel } = await createParasailWorld({ script, settings: { requestMs: 600 } });
    const { images } = await createKernel().generateImage({ prompt: 'a boat' });
    expect(await isPictureOf(images[0]!.bytes, 'a boat')).toBe(true);
    expect(emulator.seen('POST', files)).toHaveLength(uploads);
    expect(emulator.seen('POST', batches)).toHaveLength(creates);
    expect(emulator.batches.size).toBe(1);
    expect(emulator.paid).toBe(1);
  });

  it('waits as long as Retry-After says', async () => {
    const times: number[] = [];
    const limited = first(1, 'POST', batches, { answer: tooManyRequests('1') });
    const { createKernel } = await createParasailWorld({
      script: (request) => {
        if (request.method === 'POST' && batches.test(request.path)) times.push(performance.now());
        return limited(request);
      },
    });
    await createKernel().generateImage({ prompt: 'a boat' });
    expect(times[1]! - times[0]!).toBeGreaterThan(990);
  });

  it('gives a refusal back at once, and forgets the batch', async () => {
    const refusal = openAiError(400, { message: 'No such endpoint.', type: 'invalid_request_error' });
    const { emulator, createKernel } = await createParasailWorld({
      script: first(1, 'POST', batches, { answer: refusal }),
    });
    const kernel = createKernel();
    await expect(kernel.generateImage({ prompt: 'a boat', seed: 1 })).rejects.toMatchObject({
      code: 'ERR_REQUEST_INVALID',
      message: expect.stringContaining('No such endpoint.'),
    });
    await expect.poll(() => emulator.files.stored.size).toBe(0);
    await kernel.generateImage({ prompt: 'a boat', seed: 1 });
    expect(emulator.seen('POST', files)).toHaveLength(2);
    expect(emulator.paid).toBe(1);
  });

  it('tells the kernel of a pause that is too long to wait for', async () => {
    const { emulator, createKernel } = await createParasailWorld({
      script: first(1, 'POST', files, { answer: tooManyRequests('3600') }),
    });
    await expect(createKernel().generateImage({ prompt: 'a boat' })).rejects.toMatchObject({
      code: 'ERR_PROVIDER_RATE_LIMITED',
      retryAfterMs: 3_600_000,
    });
    expect(emulator.paid).toBe(0);
  });

  it('cancels the second of two batches that a proxy has made of one', async () => {
    const { emulator, createKernel } = await createParasailWorld();
    // Neither is done before one of them has been cancelled.
    const isHeld = () => emulator.seen('POST', /cancel$/).length === 0;
    emulator.course = () => ({ isHeld, perLineMs: 1_000 });
    // The proxy sends it on twice, and answers neither.
    emulator.script = async ({ method, path, json }) => {
      if (method !== 'POST' || !batches.test(path) || emulator.batches.size > 0) return undefined;
      const headers = {
        authorization: 'Bearer psk-emulated-key-0123456789',
        'content-type': 'application/json',
      };
      const body = JSON.stringify(json);
      queueMicrotask(() => void fetch(`${emulator.url}/batches`, { method: 'POST', headers, body }));
      return { answerAfter: unavailable(502) };
    };
    await createKernel().generateImage({ prompt: 'a boat' });
    expect(emulator.batches.size).toBe(2);
    expect(emulator.seen('POST', /cancel$/)).toHaveLength(1);
    expect(emulator.paid).toBe(1);
  });
});

describe('parasail, on the way', () => {
  it('follows a batch through failures, limits and a restart', async () => {
    let looks = 0;
    const { emulator, createKernel } = await createParasailWorld({
      course: () => ({ perLineMs: 900 }),
      script: ({ method, path }) => {
        if (method !== 'GET' || !batch.test(path)) return undefined;
        looks += 1;
        if (looks % 4 === 1) return { answer: unavailable(503) };
        if (looks % 4 === 2) return { answer: tooManyRequests() };
        return looks % 4 === 3 ? { breakOff: 'before' } : undefined;
      },
    });
    const call = createKernel().generateImage({ prompt: 'a boat' });
    await expect.poll(() => looks).toBeGreaterThan(3);
    await emulator.restart(200);
    expect((await call).images).toHaveLength(1);
    expect(emulator.batches.size).toBe(1);
    expect(emulator.paid).toBe(1);
  });

  it('tells that the key is refused in the middle, and finds the batch when it is not any more', async () => {
    const { emulator, createKernel } = await createParasailWorld({ course: () => ({ perLineMs: 200 }) });
    const revoked = openAiError(401, { message: 'The key was revoked.', type: 'invalid_request_error' });
    emulator.script = first(1, 'GET', batch, { answer: revoked });
    const kernel = createKernel();
    await expect(kernel.generateImage({ prompt: 'a boat', seed: 1 })).rejects.toMatchObject({
      code: 'ERR_PROVIDER_AUTH',
    });
    const { provenance } = await kernel.generateImage({ prompt: 'a boat', seed: 1 });
    expect(provenance.parameters).toMatchObject({ resumed: 1 });
    expect(emulator.batches.size).toBe(1);
    expect(emulator.paid).toBe(1);
  });

  it('says that Parasail knows the batch no more', async () => {
    const { emulator, createKernel } = await createParasailWorld({ course: () => ({ perLineMs: 60_000 }) });
    const call = createKernel().generateImage({ prompt: 'a boat' });
    await expect.poll(() => emulator.batches.size).toBe(1);
    emulator.batches.clear();
    await expect(call).rejects.toMatchObject({
      code: 'ERR_PROVIDER_BAD_RESPONSE',
      message: expect.stringContaining('knows the batch batch_1 no more'),
    });
  });
});

describe('parasail, on the way back', () => {
  it.each([
    ['is cut', first(2, 'GET', content, { cutAtByte: 300 })],
    ['breaks off', first(2, 'GET', content, { breakOff: 'before' })],
    ['fails', first(2, 'GET', content, { answer: unavailable() })],
    ['trickles', first(1, 'GET', content, { trickle: { bytes: 64, everyMs: 2 } })],
    ['stands still', first(1, 'GET', content, { trickle: { bytes: 200, everyMs: 5_000 } })],
  ])('reads an output file that %s', async (_, script) => {
    const { emulator, createKernel } = await createParasailWorld({ script, settings: { requestMs: 400 } });
    const { images } = await createKernel().generateImage({ prompt: 'a boat', n: 3 });
    expect(images).toHaveLength(3);
    for (const { bytes } of images) expect(await isPictureOf(bytes, 'a boat')).toBe(true);
    expect(emulator.paid).toBe(3);
  });

  it('refuses one call in the words of Parasail, and answers the others', async () => {
    const { createKernel } = await createParasailWorld({
      course: () => ({
        order: 'reversed',
        outcome: ({ body }) =>
          body.prompt === 'bad'
            ? { status: 400, error: { message: 'Not this one.', code: 'content_policy_violation' } }
            : undefined,
      }),
    });
    const kernel = createKernel();
    const [good, bad] = await Promise.allSettled([
      kernel.generateImage({ prompt: 'good' }),
      kernel.generateImage({ prompt: 'bad' }),
    ]);
    expect(good).toMatchObject({ status: 'fulfilled' });
    expect(bad).toMatchObject({
      reason: { code: 'ERR_CONTENT_REFUSED', message: expect.stringContaining('Not this one.') },
    });
  });

  it('gives the pictures that were made before a batch expired, and pays for the missing ones alone', async () => {
    const { emulator, createKernel } = await createParasailWorld({
      retries: 1,
      course: (index) => (index === 0 ? { expiresAfter: 2 } : {}),
      // All four are to be in one batch, also where the machine is busy.
      settings: { gatherMs: 500 },
    });
    const kernel = createKernel();
    const prompts = ['one', 'two', 'three', 'four'];
    const results = await Promise.all(prompts.map((prompt) => kernel.generateImage({ prompt })));
    for (const [index, { images }] of results.entries())
      expect(await isPictureOf(images[0]!.bytes, prompts[index]!)).toBe(true);
    const outcomes = results.map(({ provenance }) => provenance.attempts.map(({ outcome }) => outcome));
    expect(outcomes.filter(([outcome]) => outcome === 'ERR_PROVIDER_UNAVAILABLE')).toHaveLength(2);
    expect(emulator.paid).toBe(4);
  });

  it('gives what there is of a call, and says why the rest is missing', async () => {
    const { emulator, createKernel } = await createParasailWorld({ course: () => ({ expiresAfter: 1 }) });
    const { images, warnings } = await createKernel().generateImage({ prompt: 'a boat', n: 2 });
    expect(images).toHaveLength(1);
    expect(warnings[0]?.message).toMatch(
      /^1 of 2 pictures were made; then: ERR_PROVIDER_UNAVAILABLE:.*expired/,
    );
    expect(emulator.paid).toBe(1);
  });

  it('puts the sound lines of a batch that was not taken into another', async () => {
    const problem = { code: 'invalid_value', line: 2, message: 'The size is not supported.', param: null };
    const { emulator, createKernel } = await createParasailWorld({
      course: (index) => (index === 0 ? { problems: [problem] } : {}),
    });
    const kernel = createKernel();
    const results = await Promise.allSettled(
      ['one', 'two', 'three'].map((prompt) => kernel.generateImage({ prompt })),
    );
    const failed = results.flatMap((result) => (result.status === 'rejected' ? [result.reason] : []));
    expect(failed).toMatchObject([
      { code: 'ERR_REQUEST_INVALID', message: expect.stringContaining('The size is not supported.') },
    ]);
    expect([...emulator.batches.values()].map(({ created }) => created.lines.length)).toEqual([3, 2]);
    expect(emulator.paid).toBe(2);
  });

  it('tells that files are gone', async () => {
    const { createKernel } = await createParasailWorld({ course: () => ({ losesFiles: true }) });
    await expect(createKernel().generateImage({ prompt: 'a boat' })).rejects.toMatchObject({
      code: 'ERR_PROVIDER_BAD_RESPONSE',
      message: expect.stringContaining('No such File object'),
    });
  });

  it('reads what comes without counts', async () => {
    const { createKernel } = await createParasailWorld({ course: () => ({ hidesCounts: true }) });
    expect((await createKernel().generateImage({ prompt: 'a boat', n: 2 })).images).toHaveLength(2);
  });
});
