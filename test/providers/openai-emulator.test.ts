/**
 * The emulator, proven by OpenAI's own client.
 *
 * @module
 */
import { drawPicture, isPictureOf, subjectOf } from '@easel/plugin-sdk/emulator';
import OpenAI, { toFile } from 'openai';
import sharp from 'sharp';
import { describe, expect, it, onTestFinished } from 'vitest';
import {
  emulatedKey,
  OpenAiEmulator,
  type OpenAiEmulatorOptions,
} from '../../plugins/openai/src/emulator/index.js';

async function start(options: OpenAiEmulatorOptions = {}, apiKey = emulatedKey) {
  const emulator = await OpenAiEmulator.start(options);
  onTestFinished(() => emulator.close());
  return { emulator, openai: new OpenAI({ apiKey, baseURL: emulator.url, maxRetries: 0 }) };
}

const bytesOf = (base64: string | undefined) => new Uint8Array(Buffer.from(base64 ?? '', 'base64'));
const asked = { model: 'gpt-image-2', prompt: 'a star', size: '64x64' as '1024x1024' };

describe('the emulated images API', () => {
  it('makes images for the official client, and counts what is paid', async () => {
    const { emulator, openai } = await start();
    const { data, usage } = await openai.images.generate({ ...asked, n: 2, quality: 'low' });
    expect(data).toHaveLength(2);
    for (const { b64_json: base64 } of data ?? [])
      expect(await isPictureOf(bytesOf(base64), 'a star')).toBe(true);
    expect(usage).toMatchObject({ input_tokens: 20, output_tokens: 2000 });
    expect(emulator.paid).toBe(2);
  });

  it('edits several images with a mask', async () => {
    const { openai } = await start();
    const input = await drawPicture('one', { width: 32, height: 32 });
    const mask = await sharp({ create: { width: 32, height: 32, channels: 4, background: '#0000' } })
      .png()
      .toBuffer();
    const { data } = await openai.images.edit({
      ...asked,
      image: [await toFile(input, 'a.png', { type: 'image/png' })],
      mask: await toFile(mask, 'mask.png', { type: 'image/png' }),
    });
    expect(await isPictureOf(bytesOf(data?.[0]?.b64_json), subjectOf('a star', [input]))).toBe(true);
  });

  it('streams unfinished images before the last', async () => {
    const { openai } = await start();
    const types: string[] = [];
    for await (const event of await openai.images.generate({ ...asked, stream: true, partial_images: 2 }))
      types.push(event.type);
    expect(types).toEqual([
      'image_generation.partial_image',
      'image_generation.partial_image',
      'image_generation.completed',
    ]);
  });

  it.each([
    [{ response_format: 'b64_json' }, "Unknown parameter: 'response_format'."],
    [{ style: 'vivid' }, "Unknown parameter: 'style'."],
    [{ size: '65x64' }, "Invalid value for 'size'"],
    [{ size: '64x640' }, "Invalid value for 'size'"],
    [{ n: 11 }, "Invalid value for 'n'"],
    [{ prompt: 'a forbidden thing' }, 'safety system'],
  ])('refuses %j as the service does', async (change, message) => {
    const { emulator, openai } = await start();
    const answering = openai.images.generate({
      ...asked,
      ...change,
    } as OpenAI.ImageGenerateParamsNonStreaming);
    await expect(answering).rejects.toMatchObject({ status: 400, message: expect.stringContaining(message) });
    expect(emulator.paid).toBe(0);
  });

  it('refuses another key', async () => {
    const { openai } = await start({}, 'sk-wrong');
    await expect(openai.images.generate(asked)).rejects.toMatchObject({
      status: 401,
      code: 'invalid_api_key',
    });
  });
});
