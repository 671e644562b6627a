/**
 * The emulator, proven by Google's own client: what it sends is taken, what it misuses is refused, and what
 * it reads is there.
 *
 * @module
 */

import { drawPicture, isPictureOf, subjectOf } from '@easel/plugin-sdk/emulator';
import { ApiError, GoogleGenAI, ThinkingLevel } from '@google/genai';
import { describe, expect, it, onTestFinished } from 'vitest';
import {
  type GeminiEmulatorOptions,
  geminiKey,
  rateLimited,
  startGeminiEmulator,
} from '../../plugins/gemini/src/emulator/index.js';

const model = 'gemini-3.1-flash-image';

async function start(script?: GeminiEmulatorOptions['script'], apiKey = geminiKey) {
  const emulator = await startGeminiEmulator(script ? { script } : {});
  onTestFinished(() => emulator.close());
  const google = new GoogleGenAI({ apiKey, vertexai: false, httpOptions: { baseUrl: emulator.url } });
  return { emulator, google };
}

/** What the client threw, its message read as the JSON that it is. */
async function failureOf(work: Promise<unknown>): Promise<{ status: number; body: unknown }> {
  const error: unknown = await work.catch((thrown: unknown) => thrown);
  if (!(error instanceof ApiError)) throw new Error(`no ApiError: ${String(error)}`);
  return { status: error.status, body: JSON.parse(error.message) };
}

describe('the emulator of Gemini, before @google/genai', () => {
  it('makes a picture, and keeps the frame that was sent', async () => {
    const { emulator, google } = await start();
    const answer = await google.models.generateContent({
      model,
      contents: 'a red house',
      config: { responseModalities: ['IMAGE'], imageConfig: { aspectRatio: '16:9', imageSize: '2K' } },
    });
    const data = answer.candidates?.[0]?.content?.parts?.[0]?.inlineData?.data ?? '';
    expect(await isPictureOf(Buffer.from(data, 'base64'), 'a red house')).toBe(true);
    expect(answer.usageMetadata).toMatchObject({ promptTokenCount: 3, candidatesTokenCount: 1680 });
    expect(answer.modelVersion).toBe(model);
    expect(emulator.paid).toBe(1);
    const [sent] = emulator.requests;
    expect(sent).toMatchObject({
      method: 'POST',
      path: `/v1beta/models/${model}:generateContent`,
      query: {},
      json: {
        contents: [{ role: 'user', parts: [{ text: 'a red house' }] }],
        generationConfig: {
          responseModalities: ['IMAGE'],
          imageConfig: { aspectRatio: '16:9', imageSize: '2K' },
        },
      },
    });
    expect(sent?.headers).toMatchObject({
      'x-goog-api-key': geminiKey,
      'x-goog-api-client': expect.stringMatching(/^google-genai-sdk\/2\.32/),
    });
  });

  it('edits pictures, streams, answers in words, lists its models', async () => {
    const { emulator, google } = await start();
    const input = await drawPicture('an input', { width: 64, height: 64 });
    const parts = [
      { text: 'in winter' },
      { inlineData: { mimeType: 'image/png', data: input.toString('base64') } },
    ];
    const edited = await google.models.generateContent({ model, contents: [{ role: 'user', parts }] });
    const data = edited.candidates?.[0]?.content?.parts?.at(-1)?.inlineData?.data ?? '';
    expect(await isPictureOf(Buffer.from(data, 'base64'), subjectOf('in winter', [input]))).toBe(true);

    const chunks = [];
    for await (const chunk of await google.models.generateContentStream({ model, contents: 'a boat' }))
      chunks.push(chunk);
    expect(chunks).toHaveLength(1);
    expect(emulator.paid).toBe(2);

    const said = await google.models.generateContent({ model: 'gemini-3.5-flash-lite', contents: 'a boat' });
    expect(said.text).toBe('a boat, in soft light, seen from a low angle');
    expect(emulator.paidTexts).toBe(1);

    const names = [];
    for await (const { name } of await google.models.list()) names.push(name);
    expect(names).toContain(`models/${model}`);
    expect(await google.models.get({ model })).toMatchObject({ name: `models/${model}` });
  });

  it('goes on from its own images with their signatures alone', async () => {
    const { emulator, google } = await start();
    const chat = google.chats.create({ model, config: { responseModalities: ['TEXT', 'IMAGE'] } });
    await chat.sendMessage({ message: 'a red house' });
    const edited = await chat.sendMessage({ message: 'now a blue one' });
    const images = (edited.candidates?.[0]?.content?.parts ?? []).filter(({ inlineData }) => inlineData);
    expect(images).toMatchObject([{ thoughtSignature: expect.any(String) }]);
    const history = chat.getHistory();
    const [asked, answered] = history.map(({ role, parts = [] }) => ({ role: role ?? '', parts }));
    if (!asked || !answered) throw new Error('the chat has no history');
    expect(emulator.requests[1]?.json).toMatchObject({ contents: [asked, answered, { role: 'user' }] });
    const last = { role: 'user', parts: [{ text: 'again' }] };
    const refusalOf = async (contents: object[], name = model) => {
      const sent = google.models.generateContent({ model: name, contents });
      const { status, body } = await failureOf(sent);
      expect(status).toBe(400);
      return JSON.stringify(body);
    };
    const unsigned = { ...answered, parts: answered.parts.map(({ thoughtSignature: _, ...part }) => part) };
    expect(await refusalOf([asked, unsigned, last])).toContain(
      'Image part is missing a thought_signature in content position 2, part position 2.',
    );
    await google.models.generateContent({ model: 'gemini-3-pro-image', contents: [asked, unsigned, last] });
    const forged = {
      ...answered,
      parts: answered.parts.map((part) => ({ ...part, thoughtSignature: 'AAAA' })),
    };
    expect(await refusalOf([asked, forged, last], 'gemini-3-pro-image')).toContain('Corrupted');
    const signed = { role: 'user', parts: answered.parts };
    expect(await refusalOf([signed])).toContain('belong to parts of the model');
    expect(await refusalOf([asked, answered])).toContain('end with a user role');
  });

  it.each([
    ['a lower-case size', { imageConfig: { imageSize: '2k' } }, /image_size/],
    ['a shape that is none', { imageConfig: { aspectRatio: '7:5' } }, /aspect_ratio/],
    [
      'a level that the model lacks',
      { thinkingConfig: { thinkingLevel: ThinkingLevel.LOW } },
      /Thinking level/,
    ],
    ['two candidates', { candidateCount: 2 }, /candidateCount/],
    ['JSON from an image model', { responseMimeType: 'application/json' }, /JSON mode/],
    ['a field that there is not', { httpOptions: { extraBody: { generationConfig: { n: 2 } } } }, /"n"/],
  ])('refuses %s', async (_, config, message) => {
    const { emulator, google } = await start();
    const { status, body } = await failureOf(
      google.models.generateContent({ model, contents: 'a house', config }),
    );
    expect(status).toBe(400);
    expect(body).toMatchObject({
      error: { code: 400, status: 'INVALID_ARGUMENT', message: expect.stringMatching(message) },
    });
    expect(emulator.paid).toBe(0);
  });

  it('refuses fifteen pictures, and bytes that are none', async () => {
    const { google } = await start();
    const picture = (data: Buffer) => ({
      inlineData: { mimeType: 'image/png', data: data.toString('base64') },
    });
    const input = picture(await drawPicture('an input', { width: 32, height: 32 }));
    const send = (parts: (typeof input)[]) =>
      failureOf(google.models.generateContent({ model, contents: [{ role: 'user', parts }] }));
    expect(await send(Array.from({ length: 15 }, () => input))).toMatchObject({ status: 400 });
    expect(await send([picture(Buffer.from('no picture at all'))])).toMatchObject({ status: 400 });
  });

  it('refuses keys and models that there are not, in the shapes of Google', async () => {
    const bad = await start(undefined, 'AIza-another-key');
    expect(await failureOf(bad.google.models.generateContent({ model, contents: 'x' }))).toMatchObject({
      status: 400,
      body: {
        error: {
          message: 'API key not valid. Please pass a valid API key.',
          details: [{ reason: 'API_KEY_INVALID', domain: 'googleapis.com' }],
        },
      },
    });
    const { google } = await start();
    const retired = google.models.generateContent({ model: 'imagen-4.0-generate-001', contents: 'x' });
    expect(await failureOf(retired)).toMatchObject({ status: 404, body: { error: { status: 'NOT_FOUND' } } });
  });

  it('refuses for reasons of content with 200', async () => {
    const refusals = [
      { blockReason: 'PROHIBITED_CONTENT' },
      { finishReason: 'IMAGE_SAFETY', finishMessage: 'Unable to show the generated image.' },
      { text: 'I cannot draw that.' },
    ] as const;
    const { emulator, google } = await start((_, index) => ({ refuse: refusals[index]! }));
    const ask = () => google.models.generateContent({ model, contents: 'x' });
    expect((await ask()).promptFeedback).toMatchObject({ blockReason: 'PROHIBITED_CONTENT' });
    // The client leaves finishMessage out, which is why the plugin reads the answers itself.
    expect((await ask()).candidates?.[0]).toEqual({ index: 0, finishReason: 'IMAGE_SAFETY' });
    expect((await ask()).text).toBe('I cannot draw that.');
    expect(emulator.paid).toBe(0);
  });

  it('limits, fails, breaks off and cuts as its script says', async () => {
    const { emulator, google } = await start((_, index) =>
      index === 0
        ? { answer: rateLimited({ retryDelay: '1.5s' }) }
        : index === 1
          ? { breakOff: 'after' }
          : index === 2
            ? { cutAtByte: 1_000 }
            : { trickle: { bytes: 2_000, everyMs: 1 } },
    );
    const ask = () => google.models.generateContent({ model, contents: 'a house' });
    const limited = await failureOf(ask());
    expect(limited).toMatchObject({ status: 429, body: { error: { status: 'RESOURCE_EXHAUSTED' } } });
    expect(JSON.stringify(limited.body)).toContain('"retryDelay":"1.5s"');
    expect(emulator.paid).toBe(0);
    await expect(ask()).rejects.toThrow('fetch failed');
    expect(emulator.paid).toBe(1);
    await expect(ask()).rejects.toThrow('terminated');
    expect(emulator.paid).toBe(2);
    expect((await ask()).candidates).toHaveLength(1);
  });

  it('keeps its port over a restart', async () => {
    const { emulator, google } = await start();
    const { url } = emulator;
    await emulator.restart();
    expect(emulator.url).toBe(url);
    await google.models.generateContent({ model, contents: 'a house' });
    expect(emulator.paid).toBe(1);
  });
});
