/**
 * The plugin for Runware through the kernel, in a process of its own, while nothing goes wrong.
 *
 * @module
 */

import { drawPicture, isPictureOf, readSerial, subjectOf } from '@easel/plugin-sdk/emulator';
import { describe, expect, it } from 'vitest';
import { enhanced, prices, runwareKey } from '../../plugins/runware/src/emulator/index.js';
import { createRunwareWorld, withOptions } from './runware-world.js';

describe('runware', () => {
  it('makes the pictures that were asked for, each with its seed, and tells what they cost', async () => {
    const { ask, emulator } = await createRunwareWorld();
    const { images, warnings, cost, provenance } = await ask('a cat', { n: 3, seed: 100 });
    expect(images.map(({ seed }) => seed)).toEqual([100, 101, 102]);
    for (const { bytes, mediaType, width, height, seed } of images) {
      expect(await isPictureOf(bytes, 'a cat')).toBe(true);
      expect(await readSerial(bytes)).toBe(seed);
      expect([mediaType, width, height]).toEqual(['image/png', 128, 128]);
    }
    expect(warnings).toEqual([]);
    expect(cost).toEqual({ amount: 3 * prices.picture, currency: 'USD' });
    expect(provenance.parameters).toMatchObject({ tasks: [{}, {}, {}].map(() => expect.any(String)) });
    expect(emulator.paid).toBe(3);
  });

  it('sends what Runware takes, by its names, and the key in the first message alone', async () => {
    const { ask, emulator } = await createRunwareWorld();
    await ask('a cat', {
      ...{
        negativePrompt: 'a dog',
        seed: 5,
        steps: 12,
        guidanceScale: 6.5,
        sampler: 'dpmpp_2m_karras',
        outputFormat: 'webp',
      },
      ...withOptions({
        lora: [{ model: 'civitai:1@2', weight: 0.5 }],
        refiner: { model: 'civitai:101055@128080', startStepPercentage: 80 },
        clipSkip: 1,
        checkContent: true,
        body: { promptWeighting: 'compel' },
      }),
    });
    const [task] = emulator.sent('imageInference');
    expect(task).toEqual({
      taskType: 'imageInference',
      taskUUID: expect.any(String),
      ...{
        positivePrompt: 'a cat',
        negativePrompt: 'a dog',
        model: 'civitai:101055@128078',
        width: 128,
        height: 128,
      },
      ...{ seed: 5, steps: 12, CFGScale: 6.5, scheduler: 'DPM++ 2M Karras', numberResults: 1, clipSkip: 1 },
      ...{ outputType: 'base64Data', outputFormat: 'WEBP', deliveryMethod: 'async', includeCost: true },
      lora: [{ model: 'civitai:1@2', weight: 0.5 }],
      refiner: { model: 'civitai:101055@128080', startStepPercentage: 80 },
      safety: { checkContent: true },
      promptWeighting: 'compel',
    });
    const [first, ...others] = emulator.frames;
    expect(first?.json).toEqual([{ taskType: 'authentication', apiKey: runwareKey }]);
    expect(JSON.stringify(others)).not.toContain(runwareKey);
    expect(JSON.stringify([first?.url, first?.headers])).not.toContain(runwareKey);
  });

  it.each(['base64Data', 'dataURI', 'URL'])(
    'takes pictures as %s, pushed and asked for, in every format',
    async (outputType) => {
      const { ask, emulator } = await createRunwareWorld();
      for (const delivery of ['sync', 'async']) {
        for (const outputFormat of ['png', 'jpeg', 'webp'] as const) {
          const { images } = await ask('a cat', {
            seed: 7,
            outputFormat,
            ...withOptions({ outputType, delivery }),
          });
          expect(images[0]?.mediaType).toBe(`image/${outputFormat}`);
          expect(await isPictureOf(images[0]!.bytes, 'a cat')).toBe(true);
        }
      }
      expect(emulator.paid).toBe(6);
    },
  );

  it('makes pictures of pictures, and paints within masks', async () => {
    const { ask, emulator } = await createRunwareWorld();
    const input = new Uint8Array(await drawPicture('a start', { width: 128, height: 128 }));
    const mask = new Uint8Array(await drawPicture('a mask', { width: 128, height: 128 }));
    const { images } = await ask('a cat', {
      inputImages: [{ bytes: input, mediaType: 'image/png' }],
      mask: { bytes: mask, mediaType: 'image/png' },
      strength: 0.6,
    });
    expect(await isPictureOf(images[0]!.bytes, subjectOf('a cat', [input, mask]))).toBe(true);
    const [task] = emulator.sent('imageInference');
    const dataUri = expect.stringMatching(/^data:image\/png;base64,/);
    expect(task).toMatchObject({ strength: 0.6, inputs: { seedImage: dataUri, maskImage: dataUri } });
  });

  it('hands reference images over where a model takes those, and says what it has no use for', async () => {
    const { ask, emulator } = await createRunwareWorld();
    const bytes = new Uint8Array(await drawPicture('a start', { width: 128, height: 128 }));
    const asked = { inputImages: [{ bytes, mediaType: 'image/png' as const }], strength: 0.6 };
    const { images, warnings } = await ask('a cat', {
      ...asked,
      ...withOptions({ imagesAs: 'referenceImages' }),
    });
    expect(await isPictureOf(images[0]!.bytes, subjectOf('a cat', [bytes]))).toBe(true);
    expect(emulator.sent('imageInference')[0]).not.toHaveProperty('strength');
    expect(warnings).toMatchObject([{ code: 'parameter-dropped', parameter: 'strength' }]);
  });

  it('makes images larger and cuts them out, without a prompt, and pays once', async () => {
    const { ask, emulator } = await createRunwareWorld();
    const bytes = new Uint8Array(await drawPicture('a cat', { width: 64, height: 48 }));
    const inputImages = [{ bytes, mediaType: 'image/png' as const }];
    for (const [model, taskType, scale] of [
      ['runware-real-esrgan', 'upscale', 3],
      ['runware-birefnet', 'removeBackground', 1],
      ['runware-canny', 'controlNetPreprocess', 1],
    ] as const) {
      const sized = { width: 1024, height: 1024, model };
      const { images, warnings, cost } = await ask('a cat', {
        ...sized,
        inputImages,
        ...withOptions({ upscaleFactor: 3, enhancePrompt: true }),
      });
      expect(images).toMatchObject([{ width: 64 * scale, height: 48 * scale }]);
      expect(await isPictureOf(images[0]!.bytes, subjectOf(taskType, [bytes]))).toBe(true);
      expect([warnings, cost?.amount]).toEqual([[], prices.picture]);
      const [task] = emulator.sent(taskType);
      expect(Object.keys(task ?? {}).sort()).toEqual(
        [
          ...['taskType', 'taskUUID', 'model', 'inputs', ...(scale === 3 ? ['upscaleFactor'] : [])],
          ...['outputType', 'outputFormat', 'deliveryMethod', 'includeCost'],
        ].sort(),
      );
      const other = await ask('a cat', { ...sized, width: 256, inputImages });
      expect(other.warnings).toMatchObject([{ code: 'parameter-dropped', parameter: 'width' }]);
      await expect(ask('a cat', sized)).rejects.toMatchObject({ code: 'ERR_REQUEST_INVALID' });
    }
    expect(emulator.paid).toBe(6);
    expect(emulator.sent('promptEnhance')).toEqual([]);
  });

  it('sends each model what it takes, at the small end of its sizes and with all of its images', async () => {
    const { ask, emulator } = await createRunwareWorld();
    const bytes = new Uint8Array(await drawPicture('a start', { width: 64, height: 64 }));
    for (const [model, edge, mostImages, asked] of [
      ['runware-flux-2-dev', 512, 4, { steps: 30, guidanceScale: 4, seed: 3 }],
      ['runware-flux-2-pro', 256, 9, { seed: 3 }],
      [
        'runware-z-image',
        128,
        1,
        { steps: 30, guidanceScale: 4, negativePrompt: 'a dog', seed: 3, strength: 0.6 },
      ],
      ['runware-qwen-image', 128, 1, { guidanceScale: 4, negativePrompt: 'a dog', seed: 3 }],
      ['runware-qwen-image-edit', 128, 3, { steps: 30, negativePrompt: 'a dog', seed: 3 }],
      ['runware-gpt-image-2', 256, 16, {}],
      ['runware-seedream-4.5', 1024, 14, {}],
    ] as const) {
      const image = { bytes, mediaType: 'image/png' as const };
      const inputImages = Array.from({ length: mostImages }, () => image);
      const made = await ask('a cat', { model, ...asked, width: edge, height: edge, inputImages });
      expect([model, made.warnings, made.images.map(({ width }) => width)]).toEqual([model, [], [edge]]);
      const { inputs } = emulator.sent('imageInference').at(-1) as { inputs: Record<string, unknown> };
      expect([inputs.seedImage ?? inputs.referenceImages].flat()).toHaveLength(mostImages);
    }
  });

  it('begins seeds anew after the last one, and keeps within what a model takes', async () => {
    const { ask, emulator } = await createRunwareWorld();
    const last = await ask('a cat', { seed: 2 ** 32 - 1, n: 3 });
    expect(last.images.map(({ seed }) => seed)).toEqual([2 ** 32 - 1, 1, 2]);
    expect(
      emulator
        .sent('imageInference')
        .map(({ seed }) => seed)
        .sort(),
    ).toEqual([1, 2, 2 ** 32 - 1]);
    expect(last.warnings).toMatchObject([{ code: 'parameter-adapted', parameter: 'seed' }]);
    const zero = await ask('a cat', { seed: 0, n: 2 });
    expect(zero.images.map(({ seed }) => seed)).toEqual([1, 2]);
    expect(zero.warnings).toMatchObject([{ message: expect.stringContaining('Seed 0 is not one') }]);
    const narrow = await ask('a cat', {
      model: 'runware-z-image-turbo',
      width: 144,
      seed: 2 ** 31 + 5,
      n: 2,
    });
    expect(narrow.images.map(({ seed }) => seed)).toEqual([5, 6]);
    expect(narrow.warnings).toMatchObject([{ code: 'parameter-adapted', parameter: 'seed' }]);
  });

  it('has one task make several pictures where that is asked for, in the order of their seeds', async () => {
    const { ask, emulator } = await createRunwareWorld();
    for (const delivery of ['sync', 'async']) {
      emulator.script = () => ({ isTogether: true });
      const { images, cost } = await ask('a cat', {
        seed: 20,
        n: 5,
        ...withOptions({ picturesPerTask: 3, delivery }),
      });
      expect(images.map(({ seed }) => seed)).toEqual([20, 21, 22, 23, 24]);
      expect(await Promise.all(images.map(({ bytes }) => readSerial(bytes)))).toEqual([20, 21, 22, 23, 24]);
      expect(cost?.amount).toBeCloseTo(5 * prices.picture);
    }
    expect(
      emulator
        .sent('imageInference')
        .map(({ numberResults }) => numberResults)
        .sort(),
    ).toEqual([2, 2, 3, 3]);
  });

  it('has prompts worded anew, and goes on with the old one where that fails', async () => {
    const { ask, emulator } = await createRunwareWorld();
    const enhance = withOptions({ enhancePrompt: true });
    const { images, cost, provenance } = await ask('a dog', { ...enhance, n: 2 });
    expect(await isPictureOf(images[0]!.bytes, enhanced('a dog'))).toBe(true);
    expect(provenance.parameters).toMatchObject({ prompt: 'a dog', enhancedPrompt: enhanced('a dog') });
    expect(emulator.sent('promptEnhance')).toMatchObject([{ model: 'runware:llama-3-1-8b@prompt-enhancer' }]);
    expect(cost?.amount).toBeCloseTo(2 * prices.picture + prices.prompt);
    emulator.script = ({ taskType }) =>
      taskType === 'promptEnhance' ? { refuse: { code: 'internalServerError', message: 'No.' } } : undefined;
    const plain = await ask('a dog', enhance);
    expect(await isPictureOf(plain.images[0]!.bytes, 'a dog')).toBe(true);
    expect(plain.warnings).toMatchObject([{ code: 'other', parameter: 'prompt' }]);
    const long = await ask('a dog '.repeat(60), enhance);
    expect(long.warnings).toMatchObject([{ message: expect.stringContaining('300 characters') }]);
  });

  it('tells of content that is not safe, or holds it back', async () => {
    const { ask, emulator } = await createRunwareWorld();
    emulator.script = ({ seed }) => ({ isFlagged: seed === 1 });
    const warned = await ask('a cat', { seed: 1, n: 2, ...withOptions({ checkContent: true }) });
    expect(warned.images).toHaveLength(2);
    expect(warned.warnings).toMatchObject([
      { code: 'other', message: expect.stringContaining('not to be safe') },
    ]);
    const refusing = withOptions({ checkContent: true, flagged: 'refuse' });
    const held = await ask('a cat', { seed: 1, n: 2, ...refusing });
    expect(held.images.map(({ seed }) => seed)).toEqual([2]);
    await expect(ask('a cat', { seed: 1, ...refusing })).rejects.toMatchObject({
      code: 'ERR_CONTENT_REFUSED',
    });
  });

  it('speaks over HTTP where WebSockets are blocked, and only there', async () => {
    const { ask, emulator, lines } = await createRunwareWorld();
    await ask('a cat');
    expect(emulator.frames.some(({ transport }) => transport === 'http')).toBe(false);
    emulator.blockedWith = 403;
    emulator.dropSockets();
    const { images } = await ask('a hen');
    expect(await isPictureOf(images[0]!.bytes, 'a hen')).toBe(true);
    const sent = emulator.frames.filter(({ transport }) => transport === 'http');
    expect(sent.length).toBeGreaterThan(0);
    expect(sent.every(({ headers }) => headers.authorization === `Bearer ${runwareKey}`)).toBe(true);
    expect(JSON.stringify(sent.map(({ url, json }) => [url, json]))).not.toContain(runwareKey);
    expect(lines.join('\n')).toContain('WebSockets do not come through');
    expect(emulator.paid).toBe(2);
  });

  it('says that the key was refused, and nothing of what it is', async () => {
    const { ask, emulator, lines } = await createRunwareWorld({ key: 'a-wrong-key-123456' });
    const error = (await ask('a cat').catch((thrown: unknown) => thrown)) as Error;
    expect(error).toMatchObject({
      code: 'ERR_PROVIDER_AUTH',
      message: expect.stringContaining('RUNWARE_API_KEY'),
    });
    expect(JSON.stringify([error, error.message, lines])).not.toContain('a-wrong-key-123456');
    expect(emulator.paid).toBe(0);
  });
});
