import type { Progress } from '@easel/plugin-sdk';
import { drawPicture, isPictureOf, readSerial, subjectOf } from '@easel/plugin-sdk/emulator';
import sharp from 'sharp';
import { describe, expect, it } from 'vitest';
import { createOpenAiWorld } from './openai-world.js';

const input = async (subject = 'an input') => ({
  bytes: new Uint8Array(await drawPicture(subject, { width: 64, height: 64 })),
  mediaType: 'image/png' as const,
});

describe('OpenAI', () => {
  it('makes several images by one request, and tells what they cost', async () => {
    const { emulator, createKernel } = await createOpenAiWorld();
    const { images, cost } = await createKernel().generateImage({ prompt: 'a star', n: 3 });
    expect(images).toHaveLength(3);
    for (const { bytes } of images) expect(await isPictureOf(bytes, 'a star')).toBe(true);
    expect(emulator.seen('POST', /generations$/)).toHaveLength(1);
    // 20 tokens of text at 5 dollars a million, 3,000 of images at 30.
    expect(cost).toEqual({ amount: 0.0901, currency: 'USD' });
  });

  it('asks for more images than one request may have by two', async () => {
    const { emulator, createKernel } = await createOpenAiWorld();
    const kernel = createKernel();
    const { images } = await kernel.generateImage({ prompt: 'a star', n: 10 });
    expect(images).toHaveLength(10);
    expect(emulator.paid).toBe(10);
  });

  it('edits images where the mask is white', async () => {
    const { emulator, createKernel } = await createOpenAiWorld();
    const image = await input();
    const half = {
      left: 0,
      top: 0,
      input: await sharp({ create: { width: 32, height: 64, channels: 3, background: '#fff' } })
        .png()
        .toBuffer(),
    };
    const mask = await sharp({ create: { width: 64, height: 64, channels: 3, background: '#000' } })
      .composite([half])
      .png()
      .toBuffer();
    const { images } = await createKernel().generateImage({
      prompt: 'a hat',
      inputImages: [image],
      mask: { bytes: new Uint8Array(mask), mediaType: 'image/png' },
    });
    expect(await isPictureOf(images[0]!.bytes, subjectOf('a hat', [image.bytes]))).toBe(true);
    const alpha = await sharp(emulator.lastInputs?.mask).extractChannel('alpha').raw().toBuffer();
    // Transparent where it is to be painted: on the left.
    expect([alpha[0], alpha[63]]).toEqual([0, 255]);
  });

  it('shows unfinished images', async () => {
    const { createKernel } = await createOpenAiWorld();
    const seen: Progress[] = [];
    await createKernel().generateImage(
      { prompt: 'a star', previews: 2 },
      { onProgress: (one) => void seen.push(one) },
    );
    expect(seen.filter(({ preview }) => preview).length).toBeGreaterThan(0);
  });

  it('is not available without its key, and names it', async () => {
    const { createKernel } = await createOpenAiWorld({ environment: {} });
    const kernel = createKernel();
    const gpt = kernel.getAvailableModels().find(({ id }) => id === 'emulated-gpt');
    expect(gpt).toMatchObject({ available: false, missingSecrets: ['OPENAI_API_KEY'] });
    const free = kernel.getAvailableModels().find(({ id }) => id === 'emulated-sglang');
    expect(free).toMatchObject({ available: true });
    await expect(kernel.generateImage({ prompt: 'a star' })).rejects.toMatchObject({
      code: 'ERR_SECRET_MISSING',
    });
  });

  it('passes on options, and tells of those that a server does not have', async () => {
    const { emulator, createKernel } = await createOpenAiWorld();
    const { warnings } = await createKernel().generateImage({
      prompt: 'a star',
      providerOptions: { openai: { quality: 'high', style: 'vivid', moderation: 'low' } },
    });
    expect(emulator.seen('POST', /generations$/)[0]?.json).toMatchObject({
      quality: 'high',
      moderation: 'low',
    });
    expect(warnings).toMatchObject([{ code: 'parameter-dropped', parameter: 'style' }]);
  });
});

describe('servers in their own ways', () => {
  it('Azure has another header for the key', async () => {
    const { createKernel } = await createOpenAiWorld({ like: 'azure', model: 'emulated-azure' });
    expect((await createKernel().generateImage({ prompt: 'a star' })).images).toHaveLength(1);
  });

  it('xAI has shapes, edits as JSON, and tells its cost', async () => {
    const { emulator, createKernel } = await createOpenAiWorld({ like: 'xai', model: 'emulated-xai' });
    const images = [await input('one'), await input('two')];
    const { cost, warnings } = await createKernel().generateImage({
      prompt: 'a hat',
      width: 2560,
      height: 1440,
      inputImages: images,
    });
    expect(emulator.seen('POST', /edits$/)[0]?.json).toMatchObject({
      aspect_ratio: '16:9',
      resolution: '2k',
    });
    expect(emulator.lastInputs?.images).toHaveLength(2);
    expect(cost).toEqual({ amount: 0.02, currency: 'USD' });
    // Another size than what was asked for is told.
    expect(warnings).toContainEqual(expect.objectContaining({ code: 'parameter-adapted' }));
  });

  it.each(['together', 'vllm', 'sglang'])('%s has seeds: a request an image', async (name) => {
    const like = name === 'vllm' ? 'vllm-omni' : (name as 'together');
    const { emulator, createKernel } = await createOpenAiWorld({ like, model: `emulated-${name}` });
    const { images, warnings } = await createKernel().generateImage({
      prompt: 'a star',
      n: 3,
      seed: 7,
      steps: 4,
      negativePrompt: 'clouds',
    });
    expect(images.map(({ seed }) => seed)).toEqual([7, 8, 9]);
    expect(await Promise.all(images.map(({ bytes }) => readSerial(bytes)))).toEqual([7, 8, 9]);
    expect(emulator.paid).toBe(3);
    expect(warnings).toEqual([]);
  });

  it('asks Together for a format that it makes, and converts the image', async () => {
    const { emulator, createKernel } = await createOpenAiWorld({
      like: 'together',
      model: 'emulated-together',
    });
    const { images } = await createKernel().generateImage({ prompt: 'a star', outputFormat: 'webp' });
    expect(images[0]?.mediaType).toBe('image/webp');
    expect(emulator.seen('POST', /generations$/)[0]?.json).toMatchObject({ output_format: 'png' });
  });

  it.each([
    ['emulated-together', 1, 'reference_images'],
    ['emulated-together', 2, 'reference_images'],
    ['openai:black-forest-labs/FLUX.1-kontext-pro', 1, 'image_url'],
  ])('Together takes images of %s, %i of them, as %s', async (model, count, field) => {
    const { emulator, createKernel } = await createOpenAiWorld({
      like: 'together',
      model: 'emulated-together',
    });
    const inputImages = await Promise.all(
      Array.from({ length: count }, (_, index) => input(`image ${index}`)),
    );
    const asked = {
      prompt: 'a hat',
      model,
      inputImages,
      providerOptions: { openai: { server: 'together' } },
    };
    const { images } = await createKernel().generateImage(asked);
    expect(images).toHaveLength(1);
    expect(emulator.lastInputs?.images).toHaveLength(count);
    expect(Object.keys(emulator.seen('POST', /generations$/)[0]?.json as object)).toContain(field);
    if (field === 'image_url') {
      const two = { ...asked, inputImages: [...inputImages, ...inputImages] };
      await expect(createKernel().generateImage(two)).rejects.toMatchObject({
        message: 'inputImages: Together AI takes one image.',
      });
    }
  });

  it('vLLM-Omni edits images in a form that repeats its field', async () => {
    const { emulator, createKernel } = await createOpenAiWorld({ like: 'vllm-omni', model: 'emulated-vllm' });
    const inputImages = [await input('one'), await input('two')];
    const { images, warnings } = await createKernel().generateImage({
      prompt: 'a hat',
      inputImages,
      seed: 7,
    });
    expect([images.length, images[0]?.seed, warnings]).toEqual([1, 7, []]);
    expect(emulator.lastInputs?.images).toHaveLength(2);
  });

  it('Ollama has neither counts nor edits', async () => {
    const { emulator, createKernel } = await createOpenAiWorld({ like: 'ollama', model: 'emulated-ollama' });
    const kernel = createKernel();
    expect((await kernel.generateImage({ prompt: 'a star', n: 2 })).images).toHaveLength(2);
    expect(emulator.seen('POST', /generations$/)).toHaveLength(2);
    await expect(
      kernel.generateImage({ prompt: 'a hat', inputImages: [await input()] }),
    ).rejects.toMatchObject({
      code: 'ERR_REQUEST_INVALID',
      message: 'inputImages: Ollama edits no images.',
    });
  });

  it.each(['data-uri', 'url', 'relative-url'] as const)('images come as %s', async (answers) => {
    const { createKernel } = await createOpenAiWorld({ like: 'sglang', model: 'emulated-sglang', answers });
    const { images } = await createKernel().generateImage({ prompt: 'a star' });
    expect(await isPictureOf(images[0]!.bytes, 'a star')).toBe(true);
  });
});
