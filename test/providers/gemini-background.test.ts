/**
 * Gemini's pictures in the background, through the kernel: asked about by their ids, gone on from, cancelled,
 * and made directly where Google refuses the model there.
 *
 * @module
 */
import { setTimeout as pause } from 'node:timers/promises';
import type { ImageResult } from '@easel/core';
import type { ImageRequest } from '@easel/plugin-sdk';
import { isPictureOf } from '@easel/plugin-sdk/emulator';
import { expect, it } from 'vitest';
import { z } from 'zod';
import { createGeminiWorld } from './gemini-world.js';

const background = { firstPollMs: 10, longestPollMs: 40 };
const settings = { delivery: 'background', background };
const gemini = (options: Readonly<Record<string, string | boolean>>): Partial<ImageRequest> => ({
  fallback: 'none',
  providerOptions: { gemini: options },
});
const turnsOf = ({ provenance }: ImageResult) =>
  z.object({ turns: z.array(z.string()) }).parse(provenance.parameters).turns;

/** Waits for what others do meanwhile; the test's own time limit ends it. */
async function until(isSo: () => boolean): Promise<void> {
  while (!isSo()) await pause(20);
}

it('makes pictures, has those forgotten that nobody goes on from, and goes on from the others', async () => {
  const { ask, emulator } = await createGeminiWorld({ settings });
  const { images, cost } = await ask('a red house', { n: 2, outputFormat: 'jpeg' });
  for (const { bytes } of images) expect(await isPictureOf(bytes, 'a red house')).toBe(true);
  expect(new Set(images.map(({ bytes }) => Buffer.from(bytes).toString('base64'))).size).toBe(2);
  // 1120 tokens of picture at $60 a million, and 3 of prompt at $0.50, twice.
  expect(cost).toEqual({ amount: 0.134403, currency: 'USD' });
  await until(() => emulator.interactions.stored.size === 0);

  const first = await ask('a blue house', gemini({ keepTurn: true }));
  const [turn = ''] = turnsOf(first);
  expect(emulator.interactions.stored.has(turn)).toBe(true);
  const second = await ask('now by night', gemini({ previousTurn: turn }));
  expect(emulator.requests.at(-1)?.method).toBe('GET');
  expect(emulator.seen('POST', /interactions$/).at(-1)?.json).toMatchObject({
    previous_interaction_id: turn,
  });
  expect(turnsOf(second)).toEqual([expect.stringMatching(/^v1_/)]);

  const elsewhere = gemini({ previousTurn: turn, delivery: 'direct' });
  await expect(ask('now by day', elsewhere)).rejects.toMatchObject({
    code: 'ERR_REQUEST_INVALID',
    field: 'providerOptions.gemini.delivery',
  });
  await expect(ask('now by day', gemini({ previousTurn: 'v1_unknown' }))).rejects.toMatchObject({
    code: 'ERR_REQUEST_INVALID',
    field: 'providerOptions.gemini.previousTurn',
  });
  expect(emulator.paid).toBe(4);
});

it('says in the words of Google why there is no picture, and ends what nobody wants', async () => {
  const { ask, emulator, manager } = await createGeminiWorld({ settings });
  const refusals = [
    [{ blockReason: 'PROHIBITED_CONTENT' }, /PROHIBITED_CONTENT/],
    [{ finishReason: 'IMAGE_SAFETY', finishMessage: 'It is not safe.' }, /It is not safe/],
    [{ text: 'I cannot draw a living person.' }, /I cannot draw a living person\./],
  ] as const;
  for (const [refuse, message] of refusals) {
    emulator.script = () => ({ refuse });
    await expect(ask('x')).rejects.toMatchObject({
      code: 'ERR_CONTENT_REFUSED',
      message: expect.stringMatching(message),
    });
  }
  emulator.script = () => ({ workMs: 3_600_000 });
  const ending = new AbortController();
  const cancelled = manager.generateImage({ prompt: 'a snail' }, { signal: ending.signal });
  await until(() => emulator.seen('GET', /interactions\/.*4$/).length > 0);
  ending.abort();
  await expect(cancelled).rejects.toMatchObject({ code: 'ERR_ABORTED' });
  await until(() => emulator.seen('POST', /cancel$/).length > 0);
  await until(() => emulator.waitingRequests === 0);
  expect(emulator.paid).toBe(0);
});

it('asks Vertex AI directly, and for nothing that it has not', async () => {
  const { ask, emulator } = await createGeminiWorld({ isUsual: true, settings: { api: 'vertex' } });
  const { images } = await ask('a red house');
  expect(await isPictureOf(images[0]?.bytes ?? new Uint8Array(), 'a red house')).toBe(true);
  expect(emulator.requests.map(({ method, path }) => `${method} ${path}`)).toEqual([
    'POST /v1beta1/publishers/google/models/gemini-3.1-flash-image:generateContent',
  ]);
  for (const options of [{ delivery: 'batch' }, { previousTurn: 'v1_elsewhere' }])
    await expect(ask('x', gemini(options))).rejects.toMatchObject({
      code: 'ERR_REQUEST_INVALID',
      message: expect.stringContaining('Vertex AI'),
    });
});

it('asks directly where Google refuses a model in the background, unless it is asked for', async () => {
  const { ask, emulator } = await createGeminiWorld({ isUsual: true, settings: { background } });
  emulator.interactions.directModels.add('gemini-3.1-flash-image');
  await ask('a red house');
  await ask('a blue house');
  // It asks once, and remembers the answer.
  expect(emulator.seen('POST', /interactions$/)).toHaveLength(1);
  expect(emulator.seen('POST', /generateContent$/)).toHaveLength(2);
  await expect(ask('a green house', gemini({ delivery: 'background' }))).rejects.toMatchObject({
    code: 'ERR_REQUEST_INVALID',
    message: expect.stringContaining('does not support background interactions'),
  });
  expect(emulator.paid).toBe(2);
});
