import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createImageServiceManager } from '@easel/core';
import sharp from 'sharp';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { Ports } from '../fixtures/exported/rename-ports.js';
import {
  bundledModel,
  type Exporter,
  smallXlModel,
  writeExported,
} from '../fixtures/exported/write-exported.js';

const all = (ports: Ports) => ({
  text_encoder: ports,
  text_encoder_2: ports,
  unet: ports,
  vae_decoder: ports,
  vae_encoder: ports,
});
const float32 = { floats: 'float32' } as const;
const float16 = { floats: 'float16' } as const;

const optimum: Exporter = {
  className: 'ORTStableDiffusionPipeline',
  dataFile: 'model.onnx_data',
  ports: { ...all(float32), unet: { ...float32, shapes: { timestep: [] } } },
};
const latentConsistency = { ...optimum, className: 'ORTLatentConsistencyModelPipeline' };
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

const optimumXl: Exporter = {
  ...optimum,
  ...{ source: smallXlModel, family: 'sdxl', className: 'ORTStableDiffusionXLPipeline' },
};
/**
 * The hidden states of a text encoder by other names, those before the last layer by the one of TensorRT's
 * demo.
 */
const otherStates = {
  ...{ 'hidden_states.0': 'a', 'hidden_states.1': 'b', 'hidden_states.3': 'd' },
  'hidden_states.2': 'hidden_states',
};
/** Its text encoders give the wanted hidden states alone, the second's projection by another name. */
const tensorRtXl: Exporter = {
  ...optimumXl,
  className: 'StableDiffusionXLPipeline',
  ports: {
    ...all(float16),
    text_encoder: { ...float16, types: { input_ids: 'int32' }, names: otherStates },
    text_encoder_2: {
      ...float16,
      types: { input_ids: 'int32' },
      names: { ...otherStates, text_embeds: 'text_embeddings' },
    },
    unet: { ...float16, names: { out_sample: 'latent' } },
  },
};

async function createFolder(exporter: Exporter): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'easel-exported-'));
  onTestFinished(() => rm(folder, { recursive: true, maxRetries: 10 }));
  await writeExported(folder, exporter);
  return folder;
}

/** A kernel whose catalogue has one model more, that of the folder. */
async function open(folder: string, options: Record<string, number> = {}) {
  const catalogue = await mkdtemp(join(tmpdir(), 'easel-exported-catalogue-'));
  onTestFinished(() => rm(catalogue, { recursive: true, maxRetries: 10 }));
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
async function entry(path: string) {
  const index = await readFile(join(path, 'model_index.json'), 'utf8');
  const own = JSON.parse(await readFile(join(bundledModel, '../catalogue/picturebook.json'), 'utf8'));
  return {
    ...own,
    $schema: undefined,
    supports: { ...own.supports, maximumEdge: 2048 },
    id: 'exported',
    pipelineType: index.includes('XLPipeline') ? 'sdxl' : 'sd',
    source: { type: 'folder', path },
  };
}

const request = { prompt: 'a yellow star at night', seed: 7, steps: 6 };

async function paint(folder: string, more: object = {}, options?: Record<string, number>) {
  const manager = await open(folder, options);
  const { images, warnings } = await manager.generateImage({ ...request, ...more, model: 'exported' });
  return { warnings, rgb: await sharp(images[0]!.bytes).raw().toBuffer() };
}

const painted = new Map<string, ReturnType<typeof paint>>();

/** What the model as it lies makes, once for all tests that ask for the same. */
function paintMounted(folder: string, more: object = {}): ReturnType<typeof paint> {
  const key = `${folder} ${Object.keys(more)}`;
  const known = painted.get(key) ?? paint(folder, more);
  painted.set(key, known);
  return known;
}

const largestDifference = (one: Uint8Array, other: Uint8Array) =>
  one.reduce((most, value, index) => Math.max(most, Math.abs(value - other[index]!)), 0);

describe('a model that others exported to ONNX', () => {
  it.each([
    ['optimum', optimum, 1],
    ['optimum, of a latent consistency model', latentConsistency, 1],
    ["diffusers' old script", diffusersScript, 1],
    ['Olive: half precision, a fixed batch and size', olive, 3],
  ])('%s: makes the picture of the mounted model', async (_, exporter, tolerance) => {
    const mounted = await paintMounted(bundledModel);
    const exported = await paint(await createFolder(exporter));
    expect(exported.warnings).toEqual([]);
    expect(exported.rgb).toHaveLength(mounted.rgb.length);
    expect(largestDifference(exported.rgb, mounted.rgb)).toBeLessThanOrEqual(tolerance);
    expect(new Set(exported.rgb).size).toBeGreaterThan(50);
  });

  it.each([
    ['optimum', optimumXl, 1],
    ["TensorRT's demo: half precision, the wanted hidden states alone", tensorRtXl, 3],
  ])('%s: makes the picture of the mounted SDXL', async (_, exporter, tolerance) => {
    const mounted = await paintMounted(smallXlModel);
    const exported = await paint(await createFolder(exporter));
    expect(exported.warnings).toEqual(mounted.warnings);
    expect(largestDifference(exported.rgb, mounted.rgb)).toBeLessThanOrEqual(tolerance);
    expect(new Set(exported.rgb).size).toBeGreaterThan(50);
  });

  it('decodes a large picture in tiles, as the mounted one does', async () => {
    const large = { width: 1_280, height: 1_280, steps: 1 };
    const [mounted, exported] = [
      await paint(smallXlModel, large),
      await paint(await createFolder(optimumXl), large),
    ];
    expect(largestDifference(exported.rgb, mounted.rgb)).toBeLessThanOrEqual(1);
  });

  it('leaves layers out of an exported SDXL that gives all of its hidden states', async () => {
    const more = { providerOptions: { 'local-diffusion': { clipSkip: 1 } } };
    const folder = await createFolder(optimumXl);
    const [plain, mounted, exported] = [
      await paint(folder),
      await paint(smallXlModel, more),
      await paint(folder, more),
    ];
    expect(largestDifference(exported.rgb, mounted.rgb)).toBeLessThanOrEqual(1);
    expect(largestDifference(exported.rgb, plain.rgb)).toBeGreaterThan(3);
    await expect(paint(await createFolder(tensorRtXl), more)).rejects.toMatchObject({
      code: 'ERR_REQUEST_INVALID',
      message: expect.stringContaining('clipSkip'),
    });
  });

  it('says that SDXL was exported without the hidden states that it reads', async () => {
    const names = { ...otherStates, 'hidden_states.2': 'c' };
    const folder = await createFolder({
      ...optimumXl,
      ports: { ...optimumXl.ports, text_encoder: { ...float32, names } },
    });
    await expect(paint(folder)).rejects.toMatchObject({
      code: 'ERR_MODEL_FILES_INVALID',
      message: expect.stringMatching(/text_encoder.model\.onnx gives .* no hidden states but the last/),
    });
  });

  it.each([
    ['gives a distribution, as optimum does', optimum],
    ["names it as diffusers' old script does", diffusersScript],
  ])('goes on from a picture where its encoder %s', async (_, exporter) => {
    const bytes = await sharp({ create: { width: 96, height: 96, channels: 3, background: '#3060c0' } })
      .png()
      .toBuffer();
    const from = { inputImages: [{ bytes, mediaType: 'image/png' }], strength: 0.5 };
    const mounted = await paintMounted(bundledModel, from);
    const exported = await paint(await createFolder(exporter), from);
    expect(largestDifference(exported.rgb, mounted.rgb)).toBeLessThanOrEqual(1);
  });

  it('plans its memory, paints the same with room for one network, and is refused in less', async () => {
    const folder = await createFolder(optimum);
    const manager = await open(folder);
    const { memory } = await manager.planMemory({ ...request, model: 'exported' });
    expect(memory!.networks.map(({ name }) => name).sort()).toEqual(['text_encoder', 'unet', 'vae_decoder']);
    const { leastBytes } = memory!;
    expect(leastBytes).toBe(memory!.networks.find(({ name }) => name === 'unet')!.weightBytes);
    const [roomy, tight] = [await paint(folder), await paint(folder, {}, { memoryBytes: leastBytes })];
    expect(largestDifference(tight.rgb, roomy.rgb)).toBe(0);
    await expect(paint(folder, {}, { memoryBytes: leastBytes - 1 })).rejects.toMatchObject({
      code: 'ERR_REQUEST_INVALID',
      message: expect.stringContaining('"unet" needs'),
    });
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
