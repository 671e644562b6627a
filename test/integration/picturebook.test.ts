import { cp, mkdtemp, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { createImageServiceManager, type ImageServiceManager } from '@easel/core';
import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { knownPictures, wrongPlaces } from './bundled-pictures.js';

const path = (relative: string) => fileURLToPath(new URL(relative, import.meta.url));
const bundledModel = path('../../models/picturebook');
const prompt = 'a yellow star at night';
let manager: ImageServiceManager;

beforeAll(() => {
  manager = createImageServiceManager({ configuration: { pluginFolders: [], catalogueFolders: [] } });
});
afterAll(() => manager.close());

async function pixels(bytes: Uint8Array) {
  const { data, info } = await sharp(bytes).raw().toBuffer({ resolveWithObject: true });
  const at = (x: number, y: number) =>
    [...data.subarray((y * info.width + x) * info.channels, (y * info.width + x) * info.channels + 3)] as [
      number,
      number,
      number,
    ];
  return { ...info, at };
}

describe('a picture by the bundled model', () => {
  it('has the size of the model', async () => {
    const { images, warnings } = await manager.generateImage({ prompt, seed: 7 });
    expect(warnings).toEqual([]);
    const { width, height } = await pixels(images[0]!.bytes);
    expect([width, height]).toEqual([96, 96]);
  });

  it('is nearly the same in fast, which is told, and exact stays as it was', async () => {
    const make = (precision?: string) =>
      manager.generateImage({
        ...{ prompt, seed: 7, steps: 6 },
        ...(precision && { providerOptions: { 'local-diffusion': { precision } } }),
      });
    const [exact, fast, exactAgain] = [await make(), await make('fast'), await make('exact')];
    const samples = (bytes: Uint8Array) => sharp(bytes).raw().toBuffer();
    const [expected, made] = [await samples(exact.images[0]!.bytes), await samples(fast.images[0]!.bytes)];
    expect(await samples(exactAgain.images[0]!.bytes)).toEqual(expected);
    expect(made).not.toEqual(expected);
    expect(made.every((value, index) => Math.abs(value - expected[index]!) < 32)).toBe(true);
    expect(fast.warnings).toEqual([]);
    expect(fast.provenance.parameters).toMatchObject({ precision: 'fast' });
    expect(exact.provenance.parameters).not.toHaveProperty('precision');
  });

  it.each(knownPictures)('"$prompt"', async (known) => {
    const { images } = await manager.generateImage({ prompt: known.prompt, seed: 1 });
    const { at } = await pixels(images[0]!.bytes);
    expect(wrongPlaces(known, at, 96)).toEqual([]);
  });

  it('is the same again at the same seed, and another at another', async () => {
    const [first, again, other] = [
      await manager.generateImage({ prompt, seed: 7 }),
      await manager.generateImage({ prompt, seed: 7 }),
      await manager.generateImage({ prompt, seed: 8 }),
    ];
    expect(again.images[0]!.bytes).toEqual(first.images[0]!.bytes);
    expect(other.images[0]!.bytes).not.toEqual(first.images[0]!.bytes);
  });

  it('does not depend on the pictures that it is made with', async () => {
    const [three, second] = [
      await manager.generateImage({ prompt, seed: 4294967294, n: 3 }),
      await manager.generateImage({ prompt, seed: 4294967295 }),
    ];
    expect(three.images.map(({ seed }) => seed)).toEqual([4294967294, 4294967295, 0]);
    expect(three.images[1]!.bytes).toEqual(second.images[0]!.bytes);
  });

  it.each(['png', 'jpeg', 'webp'] as const)('comes as %s', async (outputFormat) => {
    const { images } = await manager.generateImage({ prompt, seed: 1, steps: 2, outputFormat });
    expect(images[0]).toMatchObject({ mediaType: `image/${outputFormat}`, width: 96, height: 96 });
    expect((await sharp(images[0]!.bytes).metadata()).format).toBe(outputFormat);
  });

  it('obeys size, steps, guidance, sampler and negative prompt', async () => {
    const { images, provenance, warnings } = await manager.generateImage({
      prompt,
      negativePrompt: 'a moon',
      seed: 1,
      width: 128,
      height: 70,
      steps: 3,
      guidanceScale: 2,
      sampler: 'Euler a',
    });
    expect(images[0]).toMatchObject({ width: 128, height: 64 });
    expect(provenance.parameters).toMatchObject({
      width: 128,
      height: 64,
      steps: 3,
      guidanceScale: 2,
      negativePrompt: 'a moon',
    });
    expect(warnings).toEqual([expect.objectContaining({ code: 'parameter-adapted', parameter: 'height' })]);
  });

  it('says how much of a prompt it did not read', async () => {
    const { warnings } = await manager.generateImage({
      prompt: 'a yellow star at night '.repeat(20),
      steps: 1,
      providerOptions: { 'local-diffusion': { promptStyle: 'plain' } },
    });
    expect(warnings).toEqual([
      expect.objectContaining({
        message: expect.stringMatching(/last \d+ tokens of a prompt had no effect/),
      }),
    ]);
  });
});

describe('the engine', () => {
  it('tells its steps, and stops between two of them', async () => {
    const pidOf = () => manager.getServiceHealth().plugins.find(({ id }) => id === 'local-diffusion')?.pid;
    await manager.generateImage({ prompt, steps: 1 });
    const before = pidOf();
    const controller = new AbortController();
    const seen: number[] = [];
    const call = manager.generateImage(
      { prompt, steps: 900 },
      {
        signal: controller.signal,
        onProgress: ({ step, steps }) => {
          if (step === undefined) return;
          seen.push(step);
          expect(steps).toBe(900);
          if (seen.length !== 3) return;
          controller.abort();
        },
      },
    );
    await expect(call).rejects.toMatchObject({ code: 'ERR_ABORTED' });
    expect(seen).toHaveLength(3);
    expect((await manager.generateImage({ prompt, steps: 1 })).images).toHaveLength(1);
    expect(pidOf()).toBe(before);
  });

  it.each([
    ['a sampler that nobody knows', { sampler: 'quantum' }, /"quantum" is not known/],
    [
      'an option that it does not have',
      { providerOptions: { 'local-diffusion': { clipSkp: 1 } } },
      /clipSkp/,
    ],
  ])('refuses %s', async (_, request, message) => {
    await expect(manager.generateImage({ prompt, ...request })).rejects.toMatchObject({
      code: 'ERR_REQUEST_INVALID',
      message: expect.stringMatching(message),
    });
  });
});

describe("a model that is not the engine's", () => {
  async function managerWith(model: { pipelineType: string; source: object }): Promise<ImageServiceManager> {
    const folder = await mkdtemp(join(tmpdir(), 'easel-model-'));
    const supports = { minimumEdge: 32, maximumEdge: 512, edgeMultiple: 32, images: 1 };
    const entry = { id: 'mine', name: 'Mine', defaults: { width: 96, height: 96 }, supports, ...model };
    await writeFile(join(folder, 'mine.json'), JSON.stringify(entry));
    const own = createImageServiceManager({
      configuration: { catalogueFolders: [folder], fallbackPipelineType: 'sd', currentModel: 'mine' },
    });
    onTestFinished(async () => {
      await own.close();
      await rm(folder, { recursive: true, maxRetries: 10 });
    });
    return own;
  }

  it('is refused where a fallback brings it another pipeline type', async () => {
    const own = await managerWith({ pipelineType: 'elsewhere', source: { type: 'provider', id: 'x' } });
    await expect(own.generateImage({ prompt })).rejects.toMatchObject({
      code: 'ERR_REQUEST_INVALID',
      plugin: 'local-diffusion',
      message: expect.stringContaining('"mine" is a "elsewhere" model'),
    });
  });

  it.each([
    [
      'whose checkpoint is cut short',
      (folder: string) => truncate(join(folder, 'unet/diffusion_pytorch_model.safetensors'), 1_000_000),
      /diffusion_pytorch_model\.safetensors/,
    ],
    ['whose config is gone', (folder: string) => rm(join(folder, 'vae/config.json')), /vae.config\.json/],
    [
      'whose vocabulary is rubbish',
      (folder: string) => writeFile(join(folder, 'tokenizer/vocab.json'), '[1'),
      /vocab\.json/,
    ],
    [
      'that is another pipeline',
      (folder: string) => writeFile(join(folder, 'model_index.json'), '{"_class_name": "MochiPipeline"}'),
      /MochiPipeline/,
    ],
  ])('%s is named with the file', async (_, damage, message) => {
    const folder = await mkdtemp(join(tmpdir(), 'easel-damaged-'));
    onTestFinished(() => rm(folder, { recursive: true, maxRetries: 10 }));
    await cp(bundledModel, folder, {
      recursive: true,
      filter: (name) => !name.includes('training') && !name.includes('samples'),
    });
    await damage(folder);
    const own = await managerWith({ pipelineType: 'sd', source: { type: 'folder', path: folder } });
    await expect(own.generateImage({ prompt })).rejects.toMatchObject({
      code: 'ERR_MODEL_FILES_INVALID',
      message: expect.stringMatching(message),
    });
    expect((await own.generateImage({ prompt, model: 'picturebook', steps: 1 })).images).toHaveLength(1);
  });
});
