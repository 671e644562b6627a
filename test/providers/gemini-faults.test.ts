/**
 * What Google refuses, limits and breaks, seen through the kernel: the right code, Google's own words, and
 * never a picture that is paid and lost.
 *
 * @module
 */

import { isPictureOf } from '@easel/plugin-sdk/emulator';
import { describe, expect, it } from 'vitest';
import { geminiKey, googleError, rateLimited } from '../../plugins/gemini/src/emulator/index.js';
import { createGeminiWorld } from './gemini-world.js';

describe('gemini, refused', () => {
  it('says so in the words of Google', async () => {
    const { ask, emulator } = await createGeminiWorld({ retries: 2 });
    const refusals = [
      [{ blockReason: 'PROHIBITED_CONTENT' }, /PROHIBITED_CONTENT/],
      [{ blockReason: 'OTHER', blockReasonMessage: 'Not this one.' }, /Google says: Not this one\./],
      [
        { finishReason: 'IMAGE_SAFETY', finishMessage: 'Unable to show the generated image.' },
        /IMAGE_SAFETY.*Unable to show the generated image\./,
      ],
      [{ text: 'I cannot draw a living person.' }, /I cannot draw a living person\./],
    ] as const;
    for (const [refuse, message] of refusals) {
      emulator.script = () => ({ refuse });
      await expect(ask('x')).rejects.toMatchObject({
        code: 'ERR_CONTENT_REFUSED',
        message: expect.stringMatching(message),
        plugin: 'gemini',
      });
    }
    // A refusal is final: nobody asks again.
    expect(emulator.requests).toHaveLength(refusals.length);
    emulator.script = () => ({ refuse: { finishReason: 'IMAGE_OTHER' } });
    await expect(ask('x', { fallback: 'none' })).rejects.toMatchObject({ code: 'ERR_PROVIDER_BAD_RESPONSE' });
  });

  it('asks once more where the model forgot to draw, and counts what both answers cost', async () => {
    const { ask, emulator } = await createGeminiWorld({ retries: 2 });
    const refuse = { finishReason: 'NO_IMAGE' };
    emulator.script = (_, index) => (index === 0 ? { refuse } : undefined);
    const { images, cost } = await ask('a red house');
    expect(images).toHaveLength(1);
    expect(emulator).toMatchObject({ paid: 1, requests: { length: 2 } });
    // 1120 tokens of picture at $60 a million, and twice 3 of prompt at $0.50.
    expect(cost).toEqual({ amount: 0.067203, currency: 'USD' });
    emulator.script = () => ({ refuse });
    await expect(ask('a blue house', { fallback: 'none' })).rejects.toMatchObject({
      code: 'ERR_PROVIDER_BAD_RESPONSE',
      message: expect.stringContaining('NO_IMAGE'),
      hint: expect.stringContaining('Send the call again'),
    });
    expect(emulator.requests).toHaveLength(4);
    // A picture that is counted is paid, wherever it has gone: it is not asked for a second time.
    const counted = [{ modality: 'IMAGE', tokenCount: 1120 }];
    const usageMetadata = {
      promptTokenCount: 3,
      candidatesTokenCount: 1120,
      candidatesTokensDetails: counted,
    };
    const body = { candidates: [refuse], usageMetadata };
    emulator.script = () => ({ answer: { status: 200, body } });
    const lost = ask('a green house', { fallback: 'none' });
    await expect(lost).rejects.toMatchObject({ message: expect.stringContaining('NO_IMAGE') });
    expect(emulator.requests).toHaveLength(5);
  });

  it('refuses a level of thinking that the model does not take, before anything is sent', async () => {
    const { ask, emulator } = await createGeminiWorld();
    const providerOptions = { gemini: { thinkingLevel: 'MEDIUM' } };
    await expect(ask('a lake', { providerOptions })).rejects.toMatchObject({
      code: 'ERR_REQUEST_INVALID',
      message: expect.stringContaining('it takes MINIMAL, HIGH'),
    });
    expect(emulator.requests).toHaveLength(0);
  });

  it('gives the pictures that were made, and says why others were not', async () => {
    const { ask, emulator } = await createGeminiWorld({ settings: { parallelRequests: 1 } });
    emulator.script = (_, index) =>
      index === 1
        ? { refuse: { finishReason: 'IMAGE_SAFETY', finishMessage: 'Unable to show it.' } }
        : undefined;
    const { images, warnings, cost } = await ask('x', { n: 2 });
    expect(images).toHaveLength(1);
    expect(warnings[0]?.message).toMatch(
      /^1 of 2 pictures were made; then: ERR_CONTENT_REFUSED:.*Unable to show it\./,
    );
    expect(emulator.paid).toBe(1);
    expect(cost?.amount).toBeGreaterThan(0.067);
  });

  it('names the key that was refused, and never its value', async () => {
    const key = 'AIza-wrong-key-9876543210';
    const { ask, emulator, lines } = await createGeminiWorld({ key });
    const refused = await ask('x').catch((error: unknown) => error);
    expect(refused).toMatchObject({
      code: 'ERR_PROVIDER_AUTH',
      message: expect.stringContaining('GEMINI_API_KEY'),
    });
    emulator.script = () => ({ answer: googleError(403, 'PERMISSION_DENIED', `Key ${key} was leaked.`) });
    const leaked = await ask('x').catch((error: unknown) => error);
    expect(leaked).toMatchObject({ code: 'ERR_PROVIDER_AUTH' });
    expect(JSON.stringify([refused, leaked, lines, (leaked as Error).message])).not.toContain(key);
    for (const { path, query } of emulator.requests) expect(path + JSON.stringify(query)).not.toContain(key);
  });

  it('refuses to start with a key that is none, without repeating it', async () => {
    const { ask, emulator } = await createGeminiWorld({ key: 'AIza key\nwith spaces' });
    const error = await ask('x').catch((thrown: unknown) => thrown as Error);
    expect(error).toMatchObject({ code: 'ERR_PROVIDER_AUTH' });
    expect((error as Error).message).not.toContain('with spaces');
    expect(emulator.requests).toHaveLength(0);
  });

  it('tells a model that Google has no more, a project without billing, and a request that is wrong', async () => {
    const { ask, emulator } = await createGeminiWorld();
    const asked = [
      [googleError(404, 'NOT_FOUND', 'models/x is not found'), 'ERR_MODEL_UNKNOWN'],
      [googleError(400, 'FAILED_PRECONDITION', 'User location is not supported.'), 'ERR_PROVIDER_AUTH'],
      [googleError(400, 'INVALID_ARGUMENT', 'Something is wrong.'), 'ERR_REQUEST_INVALID'],
      // The key is not carried to where an answer points.
      [{ status: 307, headers: { location: '/v1beta/models' } }, 'ERR_PROVIDER_BAD_RESPONSE'],
      [{ status: 418, body: '<html>a teapot' }, 'ERR_PROVIDER_BAD_RESPONSE'],
      [{ status: 200, body: 'no JSON' }, 'ERR_PROVIDER_BAD_RESPONSE'],
      [{ status: 200, body: { candidates: 7 } }, 'ERR_PROVIDER_BAD_RESPONSE'],
    ] as const;
    for (const [answer, code] of asked) {
      emulator.script = ({ method }) => (method === 'POST' ? { answer } : undefined);
      await expect(ask('x'), code).rejects.toMatchObject({ code });
    }
  });
});

describe('gemini, limited', () => {
  it('is asked again after the pause that RetryInfo names', async () => {
    const { ask, emulator } = await createGeminiWorld({ retries: 1 });
    const times: number[] = [];
    emulator.script = (_, index) => {
      times.push(performance.now());
      return index === 0 ? { answer: rateLimited({ retryDelay: '0.7s' }) } : undefined;
    };
    const { provenance } = await ask('a cat');
    expect(provenance.attempts.map(({ outcome }) => outcome)).toEqual(['ERR_PROVIDER_RATE_LIMITED', 'ok']);
    expect(times[1]! - times[0]!).toBeGreaterThan(690);
    expect(emulator.paid).toBe(1);
  });

  it('tells the pause of RetryInfo, of Retry-After, of a day, or none', async () => {
    const { ask, emulator } = await createGeminiWorld();
    const pauseOf = async (limit: Parameters<typeof rateLimited>[0]) => {
      emulator.script = () => ({ answer: rateLimited(limit) });
      const error = await ask('x').catch(
        (thrown: unknown) => thrown as { code: string; retryAfterMs?: number },
      );
      expect(error).toMatchObject({ code: 'ERR_PROVIDER_RATE_LIMITED' });
      return (error as { retryAfterMs?: number }).retryAfterMs;
    };
    expect(await pauseOf({ retryDelay: '53.016342224s' })).toBe(53_017);
    expect(await pauseOf({ retryAfter: '7' })).toBe(7_000);
    expect(await pauseOf({})).toBeUndefined();
    // Until midnight at Google, and not the minute that RetryInfo says beside it.
    const untilMidnight = await pauseOf({ per: 'day', retryDelay: '53s' });
    expect(untilMidnight).toBeGreaterThan(0);
    expect(untilMidnight! % 1000).toBe(0);
  });

  it('is not asked again where the project has no quota at all, and says what to do', async () => {
    const { ask, emulator } = await createGeminiWorld({ retries: 3 });
    emulator.script = () => ({ answer: rateLimited({ limit: 0, per: 'day', retryDelay: '0.1s' }) });
    const error: unknown = await ask('a cat').catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({
      code: 'ERR_PROVIDER_AUTH',
      hint: expect.stringContaining('Enable billing'),
      retryAfterMs: undefined,
    });
    expect(emulator.requests).toHaveLength(1);
  });

  it('keeps the pictures that are paid, and asks for the missing ones alone', async () => {
    const { ask, emulator } = await createGeminiWorld({ retries: 2, settings: { parallelRequests: 1 } });
    emulator.script = (_, index) =>
      index === 1
        ? { answer: rateLimited({ retryDelay: '0.1s' }) }
        : index === 3
          ? { answer: googleError(503, 'UNAVAILABLE', 'The model is overloaded.') }
          : undefined;
    const { images, warnings, provenance } = await ask('a dog', { n: 3 });
    expect(images).toHaveLength(3);
    expect(warnings).toEqual([]);
    expect(provenance.attempts).toHaveLength(1);
    expect(emulator.paid).toBe(3);
  });
});

describe('gemini, broken', () => {
  it('is asked again after a failure that costs nothing', async () => {
    const { ask, emulator } = await createGeminiWorld({ retries: 2, random: () => 0 });
    const overloaded = { answer: googleError(503, 'UNAVAILABLE', 'The model is overloaded.') };
    emulator.script = (_, index) => (index < 2 ? overloaded : undefined);
    const { provenance } = await ask('a fox');
    expect(provenance.attempts).toHaveLength(3);
    expect(emulator.paid).toBe(1);
  });

  it.each([
    ['broken off when all is done', { breakOff: 'after' }],
    ['cut in the middle', { cutAtByte: 5_000 }],
    ['no JSON', { answerAfter: { status: 200, body: '<html>' } }],
    ['without end', { answerAfter: { status: 200, body: Buffer.alloc(129 * 2 ** 20) } }],
  ] as const)('does not pay again by itself for an answer that is %s', async (_, fault) => {
    const { ask, emulator } = await createGeminiWorld({ retries: 2, random: () => 0 });
    emulator.script = (_, index) => (index === 0 ? fault : undefined);
    await expect(ask('a hen')).rejects.toMatchObject({
      code: 'ERR_PROVIDER_BAD_RESPONSE',
      message: expect.stringContaining('may have been paid'),
      mayBePaid: true,
    });
    expect(emulator.paid).toBe(1);
    expect(await ask('a hen')).toMatchObject({ images: [{}] });
  });

  it('waits for a Google that restarts', async () => {
    const { ask, emulator } = await createGeminiWorld({ retries: 5, random: () => 1 });
    await ask('a cow');
    const restarted = emulator.restart(1_000);
    const { images, provenance } = await ask('a pig');
    await restarted;
    expect(await isPictureOf(images[0]!.bytes, 'a pig')).toBe(true);
    expect(new Set(provenance.attempts.slice(0, -1).map(({ outcome }) => outcome))).toEqual(
      new Set(['ERR_PROVIDER_UNAVAILABLE']),
    );
    expect(emulator.paid).toBe(2);
  });

  it('reads an answer that trickles, and gives one up that takes too long', async () => {
    const { ask, emulator } = await createGeminiWorld({ settings: { requestMs: 1_500 } });
    emulator.script = () => ({ trickle: { bytes: 4_000, everyMs: 5 } });
    expect((await ask('a bee')).images).toHaveLength(1);
    emulator.script = () => ({ trickle: { bytes: 100, everyMs: 100 } });
    await expect(ask('a bee')).rejects.toMatchObject({
      code: 'ERR_DEADLINE',
      message: expect.stringContaining('1500 ms'),
    });
    emulator.script = () => ({ delayMs: 3_000 });
    await expect(ask('a bee')).rejects.toMatchObject({ code: 'ERR_DEADLINE' });
  });

  it('begins no more requests when a call is cancelled', async () => {
    const { manager, emulator } = await createGeminiWorld({ settings: { parallelRequests: 2 } });
    emulator.script = () => ({ delayMs: 400 });
    const controller = new AbortController();
    const call = manager.generateImage({ prompt: 'an ant', n: 6 }, { signal: controller.signal });
    await expect.poll(() => emulator.requests.length).toBe(2);
    controller.abort();
    await expect(call).rejects.toMatchObject({ code: 'ERR_ABORTED' });
    await expect.poll(() => emulator.paid).toBe(2);
    expect(emulator.requests).toHaveLength(2);
    expect((await manager.generateImage({ prompt: 'an ant' })).provenance.attempts).toHaveLength(1);
  });

  it('mixes no pictures up among many calls at once', async () => {
    const { ask, emulator } = await createGeminiWorld({ retries: 5, random: () => 0.1 });
    emulator.script = (_, index) =>
      index % 5 === 4
        ? { answer: googleError(500, 'INTERNAL', 'An internal error.') }
        : { delayMs: (index * 37) % 90 };
    const prompts = Array.from({ length: 12 }, (_, index) => `animal ${index}`);
    const results = await Promise.all(prompts.map((prompt) => ask(prompt, { width: 512, height: 512 })));
    const right = results.map(({ images }, index) => isPictureOf(images[0]!.bytes, prompts[index]!));
    expect(await Promise.all(right)).toEqual(prompts.map(() => true));
    expect(emulator.paid).toBe(12);
    expect(new Set(emulator.requests.map(({ headers }) => headers['x-goog-api-key']))).toEqual(
      new Set([geminiKey]),
    );
  });
});
