import { cp, mkdir, mkdtemp, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { createImageServiceManager, type ImageServiceManager } from '@easel/core';
import type { Preview } from '@easel/plugin-sdk';
import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { formulaTaesd } from '../fixtures/taesd.js';
import { floatTensor, readTensors, writeSafetensors } from '../reference/tensors.js';

/**
 * The files that a model is made of, as requests choose them, and the memory that its networks are opened in.
 */
const bundledModel = fileURLToPath(new URL('../../models/picturebook', import.meta.url));
let folder: string;
let manager: ImageServiceManager;

const settings = { seed: true, steps: true, guidanceScale: true, sampler: true };

/** A kernel whose only catalogue has a model of a folder. */
async function open(model: string, options: Record<string, number> = {}): Promise<ImageServiceManager> {
  const catalogue = await mkdtemp(join(folder, 'catalogue-'));
  const entry = {
    ...{ id: 'mine', name: 'Mine', pipelineType: 'sd', source: { type: 'folder', path: model } },
    defaults: { width: 96, height: 96, steps: 6, guidanceScale: 3.5, sampler: 'dpmpp_2m' },
    supports: { minimumEdge: 32, maximumEdge: 512, edgeMultiple: 32, images: 4, ...settings },
  };
  await writeFile(join(catalogue, 'mine.json'), JSON.stringify(entry));
  const opened = createImageServiceManager({
    configuration: {
      ...{ pluginFolders: [], catalogueFolders: [catalogue], currentModel: 'mine' },
      plugins: { 'local-diffusion': { options } },
    },
  });
  onTestFinished(async () => void (await opened.close()));
  return opened;
}

/** A picture by the bundled model or another kernel's, what it cost to load, and how often that was told. */
async function make(
  options: Record<string, unknown> = {},
  from = manager,
  prompt = 'a yellow star at night',
) {
  let loads = 0;
  const { images } = await from.generateImage(
    { prompt, seed: 7, steps: 6, providerOptions: { 'local-diffusion': options as never } },
    {
      onProgress({ stage }) {
        if (stage === 'load') loads += 1;
      },
    },
  );
  return { bytes: images[0]!.bytes, loads };
}

async function largestDifference(one: Uint8Array, other: Uint8Array): Promise<number> {
  const [first, second] = await Promise.all([one, other].map((bytes) => sharp(bytes).raw().toBuffer()));
  return first!.reduce((most, value, index) => Math.max(most, Math.abs(value - second![index]!)), 0);
}

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'easel-model-files-'));
  manager = createImageServiceManager({ configuration: { pluginFolders: [], catalogueFolders: [] } });
});
afterAll(async () => {
  await manager.close();
  await rm(folder, { recursive: true, maxRetries: 10 });
});

describe('loras', () => {
  const layer = 'mid_block.attentions.0.transformer_blocks.0.attn1.to_v';
  const module = `lora_unet_${layer.replaceAll('.', '_')}`;
  const rank = 2;

  /** A LoRA of one layer, and the whole weight that it adds. */
  async function writeLora(name: string, width: number, phase: number) {
    const down = Float32Array.from({ length: rank * width }, (_, index) => 2 * Math.sin(index + phase));
    const up = Float32Array.from({ length: width * rank }, (_, index) => 2 * Math.cos(3 * index + phase));
    const path = join(folder, `${name}.safetensors`);
    await writeSafetensors(path, {
      [`${module}.lora_down.weight`]: floatTensor([rank, width], down),
      [`${module}.lora_up.weight`]: floatTensor([width, rank], up),
      [`${module}.alpha`]: floatTensor([], [rank]),
    });
    const whole = Float32Array.from({ length: width * width }, (_, index) => {
      const [row, column] = [Math.floor(index / width), index % width];
      return up[row * rank]! * down[column]! + up[row * rank + 1]! * down[width + column]!;
    });
    return { path, whole };
  }

  it('make the picture of the weights that they make together, and other weights load nothing', async () => {
    const file = join('unet', 'diffusion_pytorch_model.safetensors');
    const tensors = await readTensors(join(bundledModel, file));
    const weight = tensors.get(`${layer}.weight`)!;
    const width = weight.shape[0]!;
    const [one, other] = [await writeLora('one', width, 0), await writeLora('other', width, 1)];
    const merged = join(folder, 'merged');
    await cp(bundledModel, merged, { recursive: true });
    const sum = (weight.data as Float32Array).map(
      (value, index) => value + 0.8 * one.whole[index]! - 0.5 * other.whole[index]!,
    );
    const changed = [...tensors].map(([name, { shape, data }]) => {
      const values = name === `${layer}.weight` ? sum : (data as Float32Array);
      return [name, floatTensor(shape, values)] as const;
    });
    await writeSafetensors(join(merged, file), Object.fromEntries(changed));

    const loras = (first: number, second: number) => ({
      loras: [
        { path: one.path, weight: first },
        { path: other.path, weight: second },
      ],
    });
    const plain = await make();
    const both = await make(loras(0.8, -0.5));
    const wanted = await make({}, await open(merged));
    expect(await largestDifference(plain.bytes, wanted.bytes)).toBeGreaterThan(8);
    expect(await largestDifference(both.bytes, wanted.bytes)).toBeLessThanOrEqual(1);
    expect(both.loads).toBeGreaterThan(0);
    const none = await make(loras(0, 0));
    expect(none.loads).toBe(0);
    expect(await largestDifference(none.bytes, plain.bytes)).toBeLessThanOrEqual(1);
  });

  it('are refused for another model, or twice', async () => {
    const { path } = await writeLora('narrow', 8, 0);
    await expect(make({ loras: [{ path }] })).rejects.toMatchObject({
      code: 'ERR_MODEL_FILES_INVALID',
      message: expect.stringContaining('does not fit this model'),
    });
    await expect(make({ loras: [{ path }, { path }] })).rejects.toMatchObject({
      code: 'ERR_REQUEST_INVALID',
      message: expect.stringContaining('twice'),
    });
  });
});

describe('vae', () => {
  it('takes the place of the own one: a copy makes the very picture', async () => {
    const { bytes } = await make();
    const copy = join(folder, 'vae');
    await cp(join(bundledModel, 'vae'), copy, { recursive: true });
    expect((await make({ vae: copy })).bytes).toEqual(bytes);
    const file = join(copy, 'diffusion_pytorch_model.safetensors');
    expect((await make({ vae: file })).bytes).toEqual(bytes);
    await expect(make({ vae: join(bundledModel, 'unet') })).rejects.toMatchObject({
      code: 'ERR_MODEL_FILES_INVALID',
    });
  });
});

describe('tinyDecoder', () => {
  it('makes the previews, or the pictures as well', async () => {
    const path = await formulaTaesd(join(folder, 'taesd'), { latentChannels: 4, levels: 4 });
    const previews: Preview[] = [];
    const paint = async (options: Record<string, unknown>) => {
      const { images } = await manager.generateImage(
        {
          ...{ prompt: 'a yellow star at night', seed: 7, steps: 6, previews: 1 },
          providerOptions: { 'local-diffusion': options as never },
        },
        { onProgress: ({ preview }) => void (preview && previews.push(preview)) },
      );
      return images[0]!;
    };
    const plain = await paint({});
    const previewed = await paint({ tinyDecoder: { path } });
    const always = await paint({ tinyDecoder: { path, use: 'always' } });
    expect(previewed.bytes).toEqual(plain.bytes);
    expect(previews[1]).toMatchObject({ width: 96, height: 96 });
    expect(previews[1]!.bytes).not.toEqual(previews[0]!.bytes);
    expect(always).toMatchObject({ width: 96, height: 96 });
    expect(await largestDifference(always.bytes, plain.bytes)).toBeGreaterThan(8);
  });

  it('is refused where it decodes other latents', async () => {
    const path = await formulaTaesd(join(folder, 'taesd-16'), { latentChannels: 16, levels: 4 });
    await expect(make({ tinyDecoder: { path } })).rejects.toMatchObject({
      code: 'ERR_MODEL_FILES_INVALID',
      message: expect.stringMatching(/16 channels at 8 pixels/),
    });
  });
});

describe('memory', () => {
  it('holds one network at a time where the budget is tight: the same pictures, loaded anew', async () => {
    const { bytes } = await make();
    const tight = await open(bundledModel, { memoryBytes: await leastMemory() });
    const [first, second] = [await make({}, tight), await make({}, tight)];
    expect(first.bytes).toEqual(bytes);
    expect(second.bytes).toEqual(bytes);
    // The text encoder, the denoising network, the decoder; for the same prompt no text encoder.
    expect([first.loads, second.loads]).toEqual([3, 2]);
    expect((await make({}, tight, 'a red circle')).loads).toBe(3);
    const roomy = await open(bundledModel);
    expect([(await make({}, roomy)).loads, (await make({}, roomy)).loads]).toEqual([3, 0]);
  });

  it('is said before a call begins where it does not reach, with what would do', async () => {
    const least = await leastMemory();
    expect(least).toBeGreaterThan(1e6);
    const short = await open(bundledModel, { memoryBytes: least - 1e6 });
    const loads: string[] = [];
    const call = short.generateImage({ prompt: 'a star' }, { onProgress: ({ stage }) => loads.push(stage) });
    await expect(call).rejects.toMatchObject({ code: 'ERR_REQUEST_INVALID' });
    expect(loads).not.toContain('load');
  });

  /** The least that a refusal asks for. */
  async function leastMemory(): Promise<number> {
    const refusal = await make({}, await open(bundledModel, { memoryBytes: 1 })).catch((error) => error);
    expect(refusal).toMatchObject({ code: 'ERR_REQUEST_INVALID' });
    return Number(/Set memoryBytes of local-diffusion to (\d+)/.exec(refusal.hint)?.[1]);
  }
});

describe('a call that is cancelled', () => {
  /** Cancels at a moment of a call, and tells how the next one is served. */
  async function cancelWhile(stage: 'load' | 'generate', size: number) {
    const own = await open(bundledModel);
    const pidOf = () => own.getServiceHealth().plugins.find(({ id }) => id === 'local-diffusion')?.pid;
    const controller = new AbortController();
    let pid: number | undefined;
    let heardAfter = 0;
    const call = own.generateImage(
      { prompt: 'a yellow star', steps: 50, width: size, height: size },
      {
        signal: controller.signal,
        onProgress({ stage: now, step = 0 }) {
          if (controller.signal.aborted) heardAfter++;
          if (now !== stage || (stage === 'generate' && step < 2)) return;
          // The next step has begun when the plugin hears of it; it must end well within two seconds.
          pid ??= pidOf();
          controller.abort();
        },
      },
    );
    await expect(call).rejects.toMatchObject({ code: 'ERR_ABORTED' });
    const { images } = await own.generateImage({ prompt: 'a yellow star', steps: 1 });
    return { heardAfter, images, survived: pid !== undefined && pidOf() === pid };
  }

  it.each([['load', 96] as const, ['generate', 256] as const])(
    'while it is in "%s" rejects at once, keeps the process, and the next one is served',
    async (stage, size) => {
      const { heardAfter, images, survived } = await cancelWhile(stage, size);
      expect(heardAfter, 'progress after it was cancelled').toBe(0);
      expect(images).toHaveLength(1);
      expect(survived).toBe(true);
    },
  );
});

describe('files that change between two calls', () => {
  it('are read again: the new weights paint, damaged ones are named, and mended ones paint again', async () => {
    const model = join(folder, 'changing');
    await mkdir(model);
    await cp(bundledModel, model, { recursive: true });
    const own = await open(model);
    const before = await make({}, own);
    const file = join(model, 'vae', 'diffusion_pytorch_model.safetensors');
    const bytes = await readTensors(file);
    const halved = [...bytes].map(([name, { shape, data }]) => {
      const factor = name === 'decoder.conv_out.weight' ? 0.5 : 1;
      return [
        name,
        floatTensor(
          shape,
          (data as Float32Array).map((value) => factor * value),
        ),
      ] as const;
    });
    await rm(file);
    await writeSafetensors(file, Object.fromEntries(halved));
    const changed = await make({}, own);
    expect(await largestDifference(changed.bytes, before.bytes)).toBeGreaterThan(8);
    await truncate(file, 1000);
    await expect(make({}, own)).rejects.toMatchObject({
      code: 'ERR_MODEL_FILES_INVALID',
      message: expect.stringContaining(file),
    });
    await rm(file);
    await cp(join(bundledModel, 'vae', 'diffusion_pytorch_model.safetensors'), file);
    expect((await make({}, own)).bytes).toEqual(before.bytes);
  });
});
