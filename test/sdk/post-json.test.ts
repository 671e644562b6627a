import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { EaselError, postJson, readRetryAfterMs } from '@easel/plugin-sdk';
import { HttpEmulator, type Script } from '@easel/plugin-sdk/emulator';
import { describe, expect, it, onTestFinished } from 'vitest';

async function startProvider(script?: Script): Promise<string> {
  const handle = async ({ json }: { json: unknown }) => ({ status: 200, body: { echo: json } });
  const provider = await HttpEmulator.start({ port: 0, script, handle });
  onTestFinished(() => provider.close());
  return provider.url;
}

const post = (url: string, more = {}) =>
  postJson(url, {
    provider: 'Example',
    body: { a: 1 },
    timeoutMs: 5_000,
    signal: new AbortController().signal,
    ...more,
  });

describe('postJson', () => {
  it('answers the JSON of the answer', async () => {
    expect(await post(await startProvider())).toEqual({ echo: { a: 1 } });
  });

  it.each([
    [401, 'ERR_PROVIDER_AUTH'],
    [402, 'ERR_PROVIDER_AUTH'],
    [429, 'ERR_PROVIDER_RATE_LIMITED'],
    [503, 'ERR_PROVIDER_UNAVAILABLE'],
    [400, 'ERR_REQUEST_INVALID'],
    [302, 'ERR_PROVIDER_BAD_RESPONSE'],
  ])('tells status %i as %s', async (status, code) => {
    const headers = { 'retry-after': '3', location: 'http://elsewhere.invalid/' };
    const url = await startProvider(() => ({ answer: { status, headers, body: { error: 'why' } } }));
    const error = await post(url).catch((thrown: unknown) => thrown as EaselError);
    expect(error).toMatchObject({ code, mayBePaid: false, message: expect.stringContaining('why') });
    const pauses = code === 'ERR_PROVIDER_RATE_LIMITED' || code === 'ERR_PROVIDER_UNAVAILABLE';
    expect((error as EaselError).retryAfterMs).toBe(pauses ? 3_000 : undefined);
  });

  it('lets a plugin say what an answer means', async () => {
    const url = await startProvider(() => ({ answer: { status: 422, body: { error: 'refused' } } }));
    const classify = (status: number, answer: unknown) => {
      expect([status, answer]).toEqual([422, { error: 'refused' }]);
      return 'ERR_CONTENT_REFUSED' as const;
    };
    await expect(post(url, { classify })).rejects.toMatchObject({ code: 'ERR_CONTENT_REFUSED' });
  });

  it.each([
    ['breaks off', { breakOff: 'after' as const }, {}, 'ERR_PROVIDER_BAD_RESPONSE'],
    ['is cut', { cutAtByte: 5 }, {}, 'ERR_PROVIDER_BAD_RESPONSE'],
    ['is no JSON', { answerAfter: { status: 200, body: 'rubbish' } }, {}, 'ERR_PROVIDER_BAD_RESPONSE'],
    ['is too large', {}, { maximumBytes: 5 }, 'ERR_PROVIDER_BAD_RESPONSE'],
    ['is late', { delayMs: 60_000 }, { timeoutMs: 100 }, 'ERR_DEADLINE'],
  ])('says that an answer that %s may have been paid', async (_, fault, more, code) => {
    const url = await startProvider(() => fault);
    await expect(post(url, more)).rejects.toMatchObject({ code, mayBePaid: true });
  });

  it('ends when the call is cancelled', async () => {
    const controller = new AbortController();
    const url = await startProvider(() => {
      controller.abort();
      return { delayMs: 60_000 };
    });
    const { signal } = controller;
    await expect(post(url, { signal })).rejects.toMatchObject({ code: 'ERR_ABORTED', mayBePaid: true });
  });

  it('knows that nothing was sent where nobody listens', async () => {
    const server = createServer().listen(0, '127.0.0.1');
    await new Promise((resolve) => server.once('listening', resolve));
    const { port } = server.address() as AddressInfo;
    await new Promise((resolve) => server.close(resolve));
    const error = await post(`http://127.0.0.1:${port}`).catch((thrown: unknown) => thrown);
    expect(EaselError.isInstance(error)).toBe(true);
    expect(error).toMatchObject({ code: 'ERR_PROVIDER_UNAVAILABLE', mayBePaid: false });
  });
});

describe('readRetryAfterMs', () => {
  it.each([
    [{ 'retry-after': '2' }, 2_000],
    [{ 'retry-after': new Date(90_000).toUTCString() }, 30_000],
    [{ 'retry-after': new Date(10_000).toUTCString() }, 0],
    [{ 'retry-after-ms': '150', 'retry-after': '9' }, 150],
    [{ 'retry-after': 'soon' }, undefined],
    [{}, undefined],
  ] as const)('reads %j', (headers, expected) => {
    expect(readRetryAfterMs(new Headers(headers as Record<string, string>), 60_000)).toBe(expected);
  });
});
