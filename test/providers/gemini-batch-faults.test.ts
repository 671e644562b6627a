/**
 * What Google refuses, limits, loses and breaks of a batch, where that differs from other providers; what all
 * have in common is in `batches/`.
 *
 * @module
 */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { isPictureOf } from '@easel/plugin-sdk/emulator';
import { describe, expect, it, onTestFinished } from 'vitest';
import { geminiKey, googleError } from '../../plugins/gemini/src/emulator/index.js';
import { first } from './batches/kinds.js';
import { createGeminiBatchWorld, small } from './gemini-batch-world.js';
import { keptPicturesIn } from './kept-pictures.js';

const uploads = /^\/upload\/v1beta\/files$/;
const creates = /:batchGenerateContent$/;
const download = /:download$/;

/** A call that is carried out again. */
const sameCall = { requestId: 'the call' };

describe('a batch of gemini, on the way there', () => {
  it('an upload whose last answer is lost is found by its name', async () => {
    const { emulator, createKernel } = await createGeminiBatchWorld();
    let seen = 0;
    emulator.script = ({ method, path }) =>
      method === 'POST' && uploads.test(path) && ++seen === 2 ? { breakOff: 'after' } : undefined;
    await createKernel().generateImage({ prompt: 'a boat', ...small });
    expect(emulator.seen('POST', uploads)).toHaveLength(2);
    expect(emulator.seen('GET', /\/files\/[0-9a-f-]{36}$/)).toHaveLength(1);
    expect(emulator.paid).toBe(1);
  });

  it('finds its own among many pages of batches', async () => {
    const { emulator, createKernel } = await createGeminiBatchWorld();
    const create = `${emulator.url}/v1beta/models/gemini-3.1-flash-image:batchGenerateContent`;
    const headers = { 'x-goog-api-key': geminiKey, 'content-type': 'application/json' };
    const requests = [{ request: { contents: [{ parts: [{ text: 'another' }] }] } }];
    const body = JSON.stringify({
      batch: { displayName: 'another', inputConfig: { requests: { requests } } },
    });
    const lost = first(1, 'POST', creates, { breakOff: 'after' });
    let lists = 0;
    emulator.script = async (request) => {
      // Newer ones come first in the list.
      if (request.method === 'GET' && /\/batches$/.test(request.path) && ++lists === 1)
        for (let index = 0; index < 60; index++) await fetch(create, { method: 'POST', headers, body });
      return lost(request);
    };
    const { provenance } = await createKernel().generateImage({ prompt: 'a boat', ...small });
    expect(provenance.parameters).toMatchObject({ batches: ['batches/emulated1'] });
    expect(emulator.batches.size).toBe(61);
    expect(lists).toBe(2);
  });

  it('tells a model that Google has no more', async () => {
    const gone = googleError(404, 'NOT_FOUND', 'The model is not found for API version v1beta.');
    const { createKernel } = await createGeminiBatchWorld({
      script: first(1, 'POST', creates, { answer: gone }),
    });
    const call = createKernel().generateImage({ prompt: 'a boat', fallback: 'none' });
    await expect(call).rejects.toMatchObject({ code: 'ERR_MODEL_UNKNOWN' });
  });
});

describe('a batch of gemini, on the way', () => {
  it('has ended when it is to be cancelled: its picture is kept', async () => {
    const { emulator, storageFolder, createKernel } = await createGeminiBatchWorld({
      course: () => ({ perLineMs: 500 }),
    });
    const late = googleError(400, 'FAILED_PRECONDITION', 'The batch is SUCCEEDED already.');
    emulator.script = first(1, 'POST', /:cancel$/, { answer: late });
    const kernel = createKernel();
    const controller = new AbortController();
    const call = kernel.generateImage(
      { prompt: 'a boat', ...small },
      { ...sameCall, signal: controller.signal },
    );
    call.catch(() => {});
    await expect.poll(() => emulator.batches.size).toBe(1);
    controller.abort();
    await expect(call).rejects.toMatchObject({ code: 'ERR_ABORTED' });
    await expect.poll(() => keptPicturesIn(storageFolder).length).toBe(1);
    const { provenance } = await kernel.generateImage({ prompt: 'a boat', ...small }, sameCall);
    expect(provenance.parameters).toMatchObject({ resumed: 1 });
    expect(emulator.paid).toBe(1);
  });

  it('says that Google has it no more', async () => {
    const { emulator, createKernel } = await createGeminiBatchWorld({
      course: () => ({ perLineMs: 60_000 }),
    });
    const call = createKernel().generateImage({ prompt: 'a boat', ...small });
    await expect.poll(() => emulator.batches.size).toBe(1);
    await fetch(`${emulator.url}/v1beta/batches/emulated1`, {
      method: 'DELETE',
      headers: { 'x-goog-api-key': geminiKey },
    });
    await expect(call).rejects.toMatchObject({
      code: 'ERR_PROVIDER_BAD_RESPONSE',
      message: expect.stringContaining('Google knows the batch batches/emulated1 no more'),
    });
  });

  it('fails as a whole: with what Google says, and as what may be tried again where the fault is its own', async () => {
    const failures = [
      { code: 3, message: 'The file has no lines.' },
      { code: 13, message: 'Internal error.' },
    ];
    const { createKernel } = await createGeminiBatchWorld({
      course: (index) => ({ failure: failures[index]! }),
    });
    const kernel = createKernel();
    await expect(kernel.generateImage({ prompt: 'x', fallback: 'none' })).rejects.toMatchObject({
      code: 'ERR_REQUEST_INVALID',
      message: expect.stringContaining('The file has no lines.'),
    });
    await expect(kernel.generateImage({ prompt: 'x', fallback: 'none' })).rejects.toMatchObject({
      code: 'ERR_PROVIDER_UNAVAILABLE',
      message: expect.stringContaining('Internal error.'),
    });
  });
});

describe('a batch of gemini, on the way back', () => {
  it('is fetched from where Google sends on to, without the key', async () => {
    const { emulator, createKernel } = await createGeminiBatchWorld();
    const seen: (string | string[] | undefined)[] = [];
    const store = createServer(async ({ headers, url = '' }, response) => {
      seen.push(headers['x-goog-api-key']);
      const inside = await fetch(`${emulator.url}${url}&sent=on`, {
        headers: { 'x-goog-api-key': geminiKey },
      });
      response.end(Buffer.from(await inside.arrayBuffer()));
    });
    await new Promise<void>((resolve) => store.listen(0, '127.0.0.1', resolve));
    onTestFinished(() => void store.close());
    const { port } = store.address() as AddressInfo;
    emulator.script = ({ path, query }) =>
      download.test(path) && query.sent === undefined
        ? { answer: { status: 302, headers: { location: `http://127.0.0.1:${port}${path}?alt=media` } } }
        : undefined;
    const { images } = await createKernel().generateImage({ prompt: 'a boat', ...small });
    expect(await isPictureOf(images[0]!.bytes, 'a boat')).toBe(true);
    expect(seen).toEqual([undefined]);
  });

  it('refuses one call in the words of Google, fails another, and answers the others', async () => {
    const { emulator, createKernel } = await createGeminiBatchWorld({
      course: () => ({
        order: 'reversed',
        outcome: ({ prompt }) =>
          prompt === 'bad'
            ? { refuse: { finishReason: 'IMAGE_SAFETY', finishMessage: 'Not this one.' } }
            : prompt === 'worse'
              ? { refuse: { blockReason: 'PROHIBITED_CONTENT' } }
              : prompt === 'unlucky'
                ? { error: { code: 13, message: 'Internal error encountered.' } }
                : undefined,
      }),
    });
    const kernel = createKernel();
    const [good, bad, worse, unlucky] = await Promise.allSettled(
      ['good', 'bad', 'worse', 'unlucky'].map((prompt) =>
        kernel.generateImage({ prompt, fallback: 'none', ...small }),
      ),
    );
    expect(good).toMatchObject({ status: 'fulfilled' });
    const said = (pattern: RegExp) => expect.stringMatching(pattern);
    expect(bad).toMatchObject({
      reason: { code: 'ERR_CONTENT_REFUSED', message: said(/IMAGE_SAFETY.*Not this one\./) },
    });
    expect(worse).toMatchObject({
      reason: { code: 'ERR_CONTENT_REFUSED', message: said(/PROHIBITED_CONTENT/) },
    });
    expect(unlucky).toMatchObject({
      reason: { code: 'ERR_PROVIDER_UNAVAILABLE', message: said(/Internal error encountered\./) },
    });
    expect(emulator.batches.size).toBe(1);
    expect(emulator.paid).toBe(1);
  });
});
