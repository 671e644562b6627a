/**
 * The plugin for Runware over HTTP: what a proxy, a slow line and a Runware that is overloaded do to it.
 *
 * @module
 */

import { isPictureOf } from '@easel/plugin-sdk/emulator';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { internalError, type RunwareFault, rateLimited } from '../../plugins/runware/src/emulator/index.js';
import { createRunwareWorld, openRunwareWorld, withOptions } from './runware-world.js';

const settings = { transport: 'http', requestMs: 700 } as const;

const faults: readonly (readonly [string, RunwareFault])[] = [
  ['broken off before it is taken', { drop: 'before' }],
  ['broken off when it is taken', { drop: 'after' }],
  ['cut in the middle of its answer', { drop: 'mid-frame' }],
  ['answered 502 before it is taken', { http: { status: 502, body: '<html>Bad Gateway' } }],
  ['answered 504 when it is taken', { http: { status: 504, isAfter: true } }],
  ['answered by garbage', { garbage: 'no JSON' }],
  ['answered twice in one answer', { duplicates: 1 }],
  ['answered too slowly', { trickle: { bytes: 10, everyMs: 200 } }],
  ['answered slowly', { trickle: { bytes: 400, everyMs: 2 } }],
  ['answered by an error that may pass', { refuse: internalError, isUnnamed: true }],
];

describe.each(['async', 'sync'])('runware over HTTP, %s, a message', (delivery) => {
  let world: Awaited<ReturnType<typeof openRunwareWorld>>;
  beforeAll(async () => {
    world = await openRunwareWorld({ settings });
  });
  afterAll(() => world.close());

  it.each(faults)('%s, costs no picture and no second payment', async (what, fault) => {
    const { ask, emulator } = world;
    const paidBefore = emulator.paid;
    for (const taskType of ['imageInference', 'getResponse']) {
      const from = emulator.sent(taskType).length;
      emulator.script = (message, { index }) =>
        message.taskType === taskType && index === from ? fault : undefined;
      const prompt = `a cat, ${what}, ${taskType}`;
      const { images, provenance } = await ask(prompt, { seed: 3, ...withOptions({ delivery }) });
      expect(await isPictureOf(images[0]!.bytes, prompt)).toBe(true);
      expect(provenance.attempts).toHaveLength(1);
    }
    expect(emulator.paid - paidBefore).toBe(2);
    expect(emulator.connections).toBe(0);
  });
});

describe('runware over HTTP', () => {
  it('waits as long as it is told to, and no longer when it is not', async () => {
    const { ask, emulator } = await createRunwareWorld({ settings, retries: 1 });
    const limit = {
      status: 429,
      headers: { 'retry-after': '1' },
      body: JSON.stringify({ errors: [rateLimited] }),
    };
    emulator.script = (_, { index }) => (index === 0 ? { http: limit } : undefined);
    const startedAt = performance.now();
    const { provenance } = await ask('a cat');
    expect(provenance.attempts.map(({ outcome }) => outcome)).toEqual(['ERR_PROVIDER_RATE_LIMITED', 'ok']);
    expect(performance.now() - startedAt).toBeGreaterThan(990);
    emulator.script = () => ({ http: { status: 429 } });
    const error = await ask('a cat', { fallback: 'none' }).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code: 'ERR_PROVIDER_RATE_LIMITED', retryAfterMs: undefined });
    expect(emulator.paid).toBe(1);
  });

  it('says which statuses are whose fault', async () => {
    const { ask, emulator } = await createRunwareWorld({ settings });
    const statuses = [
      [401, 'ERR_PROVIDER_AUTH'],
      [403, 'ERR_PROVIDER_AUTH'],
      [402, 'ERR_PROVIDER_AUTH'],
      [429, 'ERR_PROVIDER_RATE_LIMITED'],
      [400, 'ERR_REQUEST_INVALID'],
    ] as const;
    for (const [status, code] of statuses) {
      emulator.script = () => ({ http: { status, body: 'as it is' } });
      await expect(ask('a cat'), String(status)).rejects.toMatchObject({ code });
    }
    // The key is not carried to where an answer points; what became of the task is not known.
    emulator.script = () => ({ http: { status: 307, headers: { location: '/elsewhere' } } });
    await expect(ask('a hen')).rejects.toMatchObject({ code: 'ERR_PROVIDER_BAD_RESPONSE' });
    expect(emulator.frames.some(({ url }) => url !== '/v1')).toBe(false);
    expect(emulator.paid).toBe(0);
  });

  it('repeats nothing of a key that Runware repeats', async () => {
    const { ask, emulator, lines } = await createRunwareWorld({ settings });
    const leak = { code: 'forbidden', message: 'Key rw-emulated-key-0123456789abcdef was leaked.' };
    emulator.script = () => ({ http: { status: 403, body: JSON.stringify({ errors: [leak] }) } });
    const error = (await ask('a cat').catch((thrown: unknown) => thrown)) as Error;
    expect(error).toMatchObject({ code: 'ERR_PROVIDER_AUTH' });
    expect(JSON.stringify([error.message, lines])).not.toContain('0123456789abcdef');
  });

  it('makes many pictures at once, none of them another’s', async () => {
    const { ask, emulator } = await createRunwareWorld({ settings: { ...settings, requestMs: 20_000 } });
    const prompts = Array.from({ length: 20 }, (_, index) => `animal ${index}`);
    const results = await Promise.all(
      prompts.map((prompt, index) => ask(prompt, withOptions({ delivery: index % 2 ? 'sync' : 'async' }))),
    );
    const right = results.map(({ images }, index) => isPictureOf(images[0]!.bytes, prompts[index]!));
    expect(await Promise.all(right)).toEqual(prompts.map(() => true));
    expect(emulator.paid).toBe(20);
  });
});
