/**
 * What Parasail refuses, limits, loses and breaks of a batch, where that differs from other providers; what
 * all have in common is in `batches/`.
 *
 * @module
 */
import { describe, expect, it } from 'vitest';
import { tooManyRequests, unavailable } from '../../plugins/parasail/src/emulator/index.js';
import { first } from './batches/kinds.js';
import { createParasailWorld } from './parasail-world.js';

const files = /\/files$/;
const batches = /\/batches$/;

describe('parasail, on the way there', () => {
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
});
