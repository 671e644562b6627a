import { drawPicture, isPictureOf, readSerial, subjectOf } from '@easel/plugin-sdk/emulator';
import { describe, expect, it } from 'vitest';
import { enhanced } from '../../plugins/gemini/src/emulator/index.js';
import { createGeminiWorld } from './gemini-world.js';

type Sent = { contents: { parts: object[] }[]; generationConfig: object; systemInstruction: object };

describe('gemini, in a process of its own', () => {
  it('draws a picture of the prompt, and tells what it cost and by which prices', async () => {
    const { ask, emulator } = await createGeminiWorld();
    const { images, cost, warnings, provenance } = await ask('a red house');
    expect(images).toHaveLength(1);
    expect(await isPictureOf(images[0]!.bytes, 'a red house')).toBe(true);
    expect(images[0]).toMatchObject({ mediaType: 'image/png', width: 1024, height: 1024 });
    expect(warnings).toEqual([]);
    const parameters = { aspectRatio: '1:1', imageSize: '1K', pricesAsOf: '2026-11-22' };
    expect(provenance.parameters).toMatchObject(parameters);
    // 1120 tokens of picture at $60 a million, and 3 of prompt at $0.50.
    expect(cost).toEqual({ amount: 0.0672015, currency: 'USD' });
    expect(emulator.paid).toBe(1);
    expect(emulator.requests[0]?.headers).toMatchObject({ 'x-server-timeout': '240' });
  });

  it('takes the nearest shape and size, and says so', async () => {
    const { ask, emulator } = await createGeminiWorld();
    const { images, warnings, cost } = await ask('a wide house', { width: 1920, height: 1080 });
    const [sent] = emulator.requests.map(({ json }) => json as Sent);
    expect(sent?.generationConfig).toMatchObject({ imageConfig: { aspectRatio: '16:9', imageSize: '1K' } });
    expect(images[0]).toMatchObject({ width: 1376, height: 768 });
    expect(warnings.map(({ code, parameter }) => [code, parameter])).toEqual([
      ['parameter-adapted', 'width'],
      ['parameter-adapted', 'height'],
    ]);
    expect(warnings[0]?.message).toContain('width 1920 became 1376');
    const large = await ask('a large house', { width: 4096, height: 4096 });
    expect(large.images[0]).toMatchObject({ width: 4096, height: 4096 });
    expect(large.cost!.amount).toBeGreaterThan(cost!.amount);
  });

  it('draws several pictures by as many requests, each another', async () => {
    const { ask, emulator } = await createGeminiWorld();
    const { images } = await ask('a boat', { n: 3 });
    expect(await Promise.all(images.map(({ bytes }) => isPictureOf(bytes, 'a boat')))).toEqual([
      true,
      true,
      true,
    ]);
    const serials = await Promise.all(images.map(({ bytes }) => readSerial(bytes)));
    expect(new Set(serials).size).toBe(3);
    expect(emulator.paid).toBe(3);
  });

  it('edits pictures, in their own shape where no size is asked for', async () => {
    const { ask, emulator } = await createGeminiWorld();
    const bytes = new Uint8Array(await drawPicture('a summer', { width: 64, height: 48, format: 'jpeg' }));
    const inputImages = [{ bytes, mediaType: 'image/jpeg' as const }];
    const { images } = await ask('make it winter', { inputImages });
    expect(await isPictureOf(images[0]!.bytes, subjectOf('make it winter', [bytes]))).toBe(true);
    await ask('make it winter', { inputImages, width: 1376, height: 768 });
    const sent = emulator.requests.map(({ json }) => json as Sent);
    expect(sent[0]?.contents[0]?.parts).toEqual([
      { text: 'make it winter' },
      { inlineData: { mimeType: 'image/jpeg', data: Buffer.from(bytes).toString('base64') } },
    ]);
    expect(sent[0]?.generationConfig).toMatchObject({ imageConfig: { imageSize: '1K' } });
    expect(sent[0]?.generationConfig).not.toMatchObject({ imageConfig: { aspectRatio: expect.anything() } });
    expect(sent[1]?.generationConfig).toMatchObject({ imageConfig: { aspectRatio: '16:9' } });
  });

  it('goes on from an earlier image, with the signatures of its turn', async () => {
    const settings = { gatherMs: 10, firstPollMs: 10, longestPollMs: 20, settleMs: 100 };
    const { ask, emulator } = await createGeminiWorld({ settings });
    const once = await ask('a house');
    expect(once.provenance.parameters).not.toHaveProperty('turns');
    const first = await ask('a red house', { n: 2, providerOptions: { gemini: { keepTurn: true } } });
    const turnsOf = ({ provenance: { parameters } }: typeof first) =>
      (parameters as { turns?: string[] }).turns ?? [];
    const [one = '', other] = turnsOf(first);
    expect(one).not.toBe(other);
    const bytes = new Uint8Array(await drawPicture('a tree', { width: 64, height: 64 }));
    const inputImages = [{ bytes, mediaType: 'image/png' as const }];
    const second = await ask('with this tree', {
      inputImages,
      providerOptions: { gemini: { previousTurn: one } },
    });
    const [made] = first.images;
    const subject = subjectOf('a red house\nwith this tree', [made!.bytes, bytes]);
    expect(await isPictureOf(second.images[0]!.bytes, subject)).toBe(true);
    const sent = emulator.requests.at(-1)?.json as Sent;
    expect(sent.contents).toMatchObject([
      { role: 'user', parts: [{ text: 'a red house' }] },
      {
        role: 'model',
        parts: [
          { text: 'Here it is.', thoughtSignature: expect.any(String) },
          { inlineData: { mimeType: 'image/png' }, thoughtSignature: expect.any(String) },
        ],
      },
      { role: 'user', parts: [{ text: 'with this tree' }, { inlineData: {} }] },
    ]);
    // The shape is that of the image that it goes on from.
    expect(sent.generationConfig).not.toMatchObject({ imageConfig: { aspectRatio: expect.anything() } });
    const [previousTurn = ''] = turnsOf(second);
    const third = await ask('in winter', {
      providerOptions: { gemini: { previousTurn, delivery: 'batch', serviceTier: 'flex' } },
    });
    expect(turnsOf(third)).toEqual([expect.stringMatching(/^[0-9a-f]{32}$/)]);
    const paid = emulator.paid;
    for (const [turn, more, why] of [
      ['0'.repeat(32), {}, /not kept/],
      ['../secret', {}, /no id of a turn/],
      [one, { model: 'gemini-3-pro-image' }, /one of gemini-3.1-flash-image, not of gemini-3-pro-image/],
    ] as const)
      await expect(
        ask('x', { ...more, providerOptions: { gemini: { previousTurn: turn } } }),
      ).rejects.toMatchObject({ code: 'ERR_REQUEST_INVALID', message: expect.stringMatching(why) });
    expect(emulator.paid).toBe(paid);
    // An image that the model marked as a thought has no signature, and nobody can go on from it.
    emulator.script = () => ({ thinks: 'only' });
    const thought = await ask('a hill', { providerOptions: { gemini: { keepTurn: true } } });
    expect(turnsOf(thought)).toEqual([null]);
  });

  it('has the prompt worded anew on request, and tells how', async () => {
    const { ask, emulator } = await createGeminiWorld();
    const providerOptions = { gemini: { enhancePrompt: true, enhanceInstruction: 'Add much light.' } };
    const { images, provenance, cost } = await ask('a hill', { providerOptions, n: 2 });
    expect(await isPictureOf(images[0]!.bytes, enhanced('a hill'))).toBe(true);
    expect(provenance.parameters).toMatchObject({ prompt: 'a hill', enhancedPrompt: enhanced('a hill') });
    expect(emulator).toMatchObject({ paid: 2, paidTexts: 1 });
    const [sent] = emulator.seen('POST', /gemini-3\.5-flash-lite/).map(({ json }) => json as Sent);
    expect(sent).toMatchObject({
      systemInstruction: { parts: [{ text: 'Add much light.' }] },
      generationConfig: { responseMimeType: 'application/json', responseSchema: { required: ['prompt'] } },
    });
    // Twice 1120 tokens at $60 and 11 at $0.50; 2 and 20 of the text model at $0.30 and $2.50.
    expect(cost?.amount).toBeCloseTo((2 * (1120 * 60 + 11 * 0.5) + 2 * 0.3 + 20 * 2.5) / 1e6, 6);
  });

  it('passes what else the model can be told', async () => {
    const { ask, emulator } = await createGeminiWorld();
    const safetySettings = [{ category: 'HARM_CATEGORY_HARASSMENT', threshold: 'BLOCK_NONE' }];
    const providerOptions = {
      gemini: {
        temperature: 0.4,
        topP: 0.9,
        thinkingLevel: 'HIGH',
        systemInstruction: 'Oil.',
        serviceTier: 'flex',
        safetySettings,
      },
    };
    // What flex costs is not known of this model.
    expect((await ask('a lake', { providerOptions })).cost).toBeUndefined();
    expect(emulator.requests[0]?.headers).toMatchObject({ 'x-server-timeout': '900' });
    expect(emulator.requests[0]?.json).toMatchObject({
      systemInstruction: { parts: [{ text: 'Oil.' }] },
      serviceTier: 'flex',
      safetySettings,
      generationConfig: { temperature: 0.4, topP: 0.9, thinkingConfig: { thinkingLevel: 'HIGH' } },
    });
    await expect(ask('a lake', { providerOptions: { gemini: { temperatur: 1 } } })).rejects.toMatchObject({
      code: 'ERR_REQUEST_INVALID',
      message: expect.stringContaining('temperatur'),
    });
  });

  it('converts what Google sends, and leaves thoughts and surplus pictures out', async () => {
    const { ask, emulator } = await createGeminiWorld();
    emulator.script = () => ({ format: 'jpeg', thinks: true });
    const png = await ask('a tree');
    expect(png.images).toHaveLength(1);
    expect(png.images[0]?.mediaType).toBe('image/png');
    expect(await isPictureOf(png.images[0]!.bytes, 'a tree')).toBe(true);
    const jpeg = await ask('a tree', { outputFormat: 'jpeg' });
    expect([...jpeg.images[0]!.bytes.subarray(0, 2)]).toEqual([0xff, 0xd8]);
    emulator.script = () => ({ pictures: 3 });
    const { images, warnings } = await ask('a tree', { n: 2 });
    expect(images).toHaveLength(2);
    expect(warnings.map(({ message }) => message)).toEqual([
      'Google drew 4 more than asked for; they were left out.',
    ]);
  });

  it('takes what is marked as a thought where there is nothing else, and says so', async () => {
    const { ask, emulator } = await createGeminiWorld();
    emulator.script = () => ({ thinks: 'only' });
    const { images, warnings } = await ask('a tree', { n: 2 });
    for (const { bytes } of images) expect(await isPictureOf(bytes, 'a tree')).toBe(true);
    expect(images).toHaveLength(2);
    expect(warnings.map(({ message }) => message)).toEqual([
      'Google marked 2 images as a thought of the model, and sent no other in its place; it may be unfinished.',
    ]);
    emulator.script = () => ({ thinks: 'only', pictures: 3 });
    const many = await ask('a bush');
    // Each has its number in it: the last is the one.
    expect(await readSerial(many.images[0]!.bytes)).toBe(emulator.paid - 1);
  });

  it('counts tokens that are of no modality as words', async () => {
    const { ask, emulator } = await createGeminiWorld();
    emulator.script = () => ({ unlistedTokens: 1_360 });
    // 1120 tokens of picture at $60 a million, 3 of prompt at $0.50, and 1360 of words at $3.
    expect((await ask('a red house')).cost).toEqual({ amount: 0.0712815, currency: 'USD' });
  });

  it('reads an answer whose other fields are not as they should be', async () => {
    const { ask, emulator } = await createGeminiWorld();
    const data = (await drawPicture('a red house', { width: 512, height: 512 })).toString('base64');
    const parts = [{ text: null }, { inlineData: { mimeType: 'image/png', data }, thought: null, text: 7 }];
    const candidates = [
      { content: null, finishReason: 0 },
      { content: { parts }, finishMessage: null },
    ];
    const body = { candidates, promptFeedback: null, usageMetadata: null, modelVersion: {} };
    emulator.script = () => ({ answer: { status: 200, body } });
    expect((await ask('a red house')).images).toHaveLength(1);
  });

  it('tells progress as pictures come', async () => {
    const { manager, emulator } = await createGeminiWorld({ settings: { parallelRequests: 1 } });
    const fractions: number[] = [];
    emulator.script = () => ({ delayMs: 50 });
    await manager.generateImage(
      { prompt: 'a bird', n: 3 },
      { onProgress: ({ fraction }) => fractions.push(Number(fraction.toFixed(1))) },
    );
    expect(fractions).toEqual([0, 0.4, 0.7, 1]);
  });
});
