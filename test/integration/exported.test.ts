import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createImageServiceManager } from '@easel/core';
import sharp from 'sharp';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { Ports } from '../fixtures/exported/rename-ports.js';
import { bundledModel, type Exporter, writeExported } from '../fixtures/exported/write-exported.js';

const all = (ports: Ports) => ({ text_encoder: ports, unet: ports, vae_decoder: ports, vae_encoder: ports });
const float32 = { floats: 'float32' } as const;
const float16 = { floats: 'float16' } as const;

const optimum: Exporter = {
  className: 'ORTStableDiffusionPipeline',
  dataFile: 'model.onnx_data',
  ports: { ...all(float32), unet: { ...float32, shapes: { timestep: [] } } },
};
const fixedSample = [1, 4, 12, 12];
const olive: Exporter = {
  className: 'StableDiffusionPipeline',
  dataFile: 'model.onnx.data',
  ports: {
    ...all(float16),
    unet: {
      ...float16,
      types: { timestep: 'int64' },
      shapes: { sample: fixedSample, timestep: [1], encoder_hidden_states: [1, 32, 128] },
    },
    vae_decoder: { ...float16, shapes: { latent_sample: fixedSample } },
  },
};
const diffusersScript: Exporter = {
  className: 'OnnxStableDiffusionPipeline',
  dataFile: 'weights.pb',
  ports: {
    ...all(float32),
    text_encoder: { ...float32, types: { input_ids: 'int32' } },
    vae_encoder: { ...float32, names: { latent_parameters: 'latent_sample' } },
    unet: { ...float32, types: { timestep: 'int64' }, shapes: { timestep: ['batch'] } },
  },
};

async function createFolder(exporter: Exporter): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'easel-exported-'));
  onTestFinished(() => rm(folder, { recursive: true }));
  await writeExported(folder, exporter);
  return folder;
}

/** A kernel whose catalogue has one model more, that of the folder. */
async function open(folder: string, options: Record<string, number> = {}) {
  const catalogue = await mkdtemp(join(tmpdir(), 'easel-exported-catalogue-'));
  onTestFinished(() => rm(catalogue, { recursive: true }));
  await writeFile(join(catalogue, 'exported.json'), JSON.stringify(await entry(folder)));
  const manager = createImageServiceManager({
    configuration: {
      ...{ pluginFolders: [], catalogueFolders: [catalogue] },
      plugins: { 'local-diffusion': { options } },
    },
  });
  onTestFinished(async () => {
    await manager.close();
  });
  return manager;
}

/** The bundled model's entry, for another folder. */
const entry = async (path: string) => ({
  ...JSON.parse(await readFile(join(bundledModel, '../catalogue/picturebook.json'), 'utf8')),
  $schema: undefined,
  id: 'exported',
  source: { type: 'folder', path },
});

const request = { prompt: 'a yellow star at night', seed: 7, steps: 6 };

async function paint(folder: string, more: object = {}, options?: Record<string, number>) {
  const manager = await open(folder, options);
  const { images, warnings } = await manager.generateImage({ ...request, ...more, model: 'exported' });
  return { warnings, rgb: await sharp(images[0]!.bytes).raw().toBuffer() };
}

const largestDifference = (one: Uint8Array, other: Uint8Array) =>
  one.reduce((most, value, index) => Math.max(most, Math.abs(value - other[index]!)), 0);

describe('a model that others exported to ONNX', () => {
  it.each([
    ['optimum', optimum, 1],
    ["diffusers' old script", diffusersScript, 1],
    ['Olive: half precision, a fixed batch and size', olive, 3],
  ])('%s: makes the picture of the mounted model', async (_, exporter, tolerance) => {
    const mounted = await paint(bundledModel);
    const exported = await paint(await createFolder(exporter));
    expect(exported.warnings).toEqual([]);
    expect(exported.rgb).toHaveLength(mounted.rgb.length);
    expect(largestDifference(exported.rgb, mounted.rgb)).toBeLessThanOrEqual(tolerance);
    expect(new Set(exported.rgb).size).toBeGreaterThan(50);
  });

  it.each([
    ['gives a distribution, as optimum does', optimum],
    ["names it as diffusers' old script does", diffusersScript],
  ])('goes on from a picture where its encoder %s', async (_, exporter) => {
    const bytes = await sharp({ create: { width: 96, height: 96, channels: 3, background: '#3060c0' } })
      .png()
      .toBuffer();
    const from = { inputImages: [{ bytes, mediaType: 'image/png' }], strength: 0.5 };
    const mounted = await paint(bundledModel, from);
    const exported = await paint(await createFolder(exporter), from);
    expect(largestDifference(exported.rgb, mounted.rgb)).toBeLessThanOrEqual(1);
  });

  it('paints the same where there is memory for one network at a time', async () => {
    const folder = await createFolder(optimum);
    const [roomy, tight] = [await paint(folder), await paint(folder, {}, { memoryBytes: 1 })];
    expect(largestDifference(tight.rgb, roomy.rgb)).toBe(0);
  });

  it('refuses another size than the one it was exported for', async () => {
    const folder = await createFolder(olive);
    await expect(paint(folder, { width: 64, height: 96 })).rejects.toMatchObject({
      code: 'ERR_REQUEST_INVALID',
      message: expect.stringContaining('exported for 96 x 96 pixels only, not for 64 x 96'),
    });
  });

  it('names the files that are missing', async () => {
    const folder = await createFolder(optimum);
    await rm(join(folder, 'vae_decoder', 'model.onnx'));
    await rm(join(folder, 'tokenizer', 'vocab.json'));
    await expect(paint(folder)).rejects.toMatchObject({
      code: 'ERR_MODEL_FILES_INVALID',
      message: expect.stringContaining('has no tokenizer/vocab.json, no vae_decoder/model.onnx'),
    });
  });

  it('names the file whose weights are missing', async () => {
    const folder = await createFolder(optimum);
    await rm(join(folder, 'unet', 'model.onnx_data'));
    await expect(paint(folder)).rejects.toMatchObject({
      code: 'ERR_MODEL_FILES_INVALID',
      message: expect.stringContaining(join('unet', 'model.onnx')),
    });
  });

  it('says what a file has whose inputs it does not know', async () => {
    const names = { sample: 'hidden_states' };
    const folder = await createFolder({
      ...optimum,
      ports: { ...optimum.ports, unet: { ...float32, names } },
    });
    await expect(paint(folder)).rejects.toMatchObject({
      code: 'ERR_MODEL_FILES_INVALID',
      message: expect.stringMatching(
        /has no input "sample".*hidden_states: float32 \[batch, 4, height, width\]/,
      ),
    });
  });

  it('says that the scale of latents was assumed', async () => {
    const folder = await createFolder(optimum);
    await rm(join(folder, 'vae_decoder', 'config.json'));
    const { warnings } = await paint(folder);
    const message = expect.stringContaining("Stable Diffusion's 0.18215 was taken");
    expect(warnings).toEqual([{ code: 'other', message }]);
  });
});
