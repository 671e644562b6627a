import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { createImageServiceManager, type ImageServiceManager } from '@easel/core';
import type { InputImage } from '@easel/plugin-sdk';
import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { readSafetensors } from '../../plugins/local-diffusion/src/checkpoint/safetensors.js';
import { type RawTensor, writeSafetensors } from '../reference/tensors.js';

type Colour = readonly [red: number, green: number, blue: number];

const size = 96;
const blue: Colour = [32, 96, 224];
const red: Colour = [224, 32, 32];
const bundledModel = fileURLToPath(new URL('../../models/picturebook', import.meta.url));
let manager: ImageServiceManager;

beforeAll(() => {
  manager = createImageServiceManager({ configuration: { pluginFolders: [], catalogueFolders: [] } });
});
afterAll(() => manager.close());

/** A picture whose pixels are a function of their distance from the middle, in x and y. */
async function draw(
  colourAt: (x: number, y: number) => Colour,
  width = size,
  height = size,
): Promise<InputImage> {
  const rgb = Array.from({ length: width * height }, (_, index) =>
    colourAt((index % width) - width / 2, Math.floor(index / width) - height / 2),
  ).flat();
  const raw = { width, height, channels: 3 } as const;
  const bytes = await sharp(Uint8Array.from(rgb), { raw }).png().toBuffer();
  return { bytes: new Uint8Array(bytes), mediaType: 'image/png' };
}
const circle = () => draw((x, y) => (Math.hypot(x, y) < 24 ? red : blue));
const middle = (width = size, height = size) =>
  draw((x, y) => (Math.max(Math.abs(x), Math.abs(y)) < 32 ? [255, 255, 255] : [0, 0, 0]), width, height);

async function pixels({ bytes }: { bytes: Uint8Array }) {
  const { data, info } = await sharp(bytes).removeAlpha().raw().toBuffer({ resolveWithObject: true });
  return {
    width: info.width,
    height: info.height,
    at: (x: number, y: number) => [...data.subarray(3 * (y * info.width + x), 3 * (y * info.width + x) + 3)],
    /** Mean difference from another picture of that size, a channel. */
    differenceFrom: async (other: { bytes: Uint8Array }) => {
      const wanted = await sharp(other.bytes).removeAlpha().raw().toBuffer();
      return data.reduce((sum, value, i) => sum + Math.abs(value - wanted[i]!), 0) / data.length;
    },
  };
}
const corners = [
  [4, 4],
  [91, 4],
  [4, 91],
  [91, 91],
] as const;
const expectNear = (actual: readonly number[], expected: readonly number[], most: number) =>
  actual.forEach((value, channel) => {
    expect(Math.abs(value - expected[channel]!), `${actual} is not ${expected}`).toBeLessThanOrEqual(most);
  });

describe('image to image', () => {
  it('goes further from the picture the higher the strength is', async () => {
    const image = await circle();
    const differences: number[] = [];
    for (const strength of [0.05, 0.3, 1]) {
      const { images, warnings } = await manager.generateImage({
        prompt: 'a green square on a white background',
        seed: 3,
        inputImages: [image],
        strength,
      });
      expect(warnings).toEqual([]);
      differences.push(await (await pixels(images[0]!)).differenceFrom(image));
    }
    expect(differences[0]).toBeLessThan(30);
    expect(differences[1]).toBeGreaterThan(differences[0]! + 5);
    expect(differences[2]).toBeGreaterThan(differences[1]! + 5);
  });

  it('keeps what the prompt leaves open: this blue, in this place', async () => {
    const request = { prompt: 'a green square on a blue background', seed: 3, strength: 0.5 };
    const { images } = await manager.generateImage({ ...request, inputImages: [await circle()] });
    const { at } = await pixels(images[0]!);
    for (const [x, y] of corners) expectNear(at(x, y), blue, 40);
    const [r, g, b] = at(48, 48) as [number, number, number];
    expect(g).toBeGreaterThan(Math.max(r, b) + 30);
  });

  it('runs that share of the steps, and makes each picture as if it were alone', async () => {
    const seen: number[] = [];
    const request = { prompt: 'a red circle', inputImages: [await circle()], strength: 0.5, steps: 12 };
    const both = await manager.generateImage(
      { ...request, seed: 7, n: 2 },
      { onProgress: ({ steps }) => void (steps && seen.push(steps)) },
    );
    expect(new Set(seen)).toEqual(new Set([12]));
    const second = await manager.generateImage({ ...request, seed: 8 });
    expect(second.images[0]!.bytes).toEqual(both.images[1]!.bytes);
    expect(both.images[0]!.bytes).not.toEqual(both.images[1]!.bytes);
    expect(both.provenance.parameters).toMatchObject({ strength: 0.5 });
  });

  it('brings the picture to the size asked for, and says when it stretched it', async () => {
    const inputImages = [await draw(() => blue, 192, 192)];
    const square = await manager.generateImage({ prompt: 'a red circle', inputImages, steps: 4 });
    expect(square.warnings).toEqual([]);
    expect(square.images[0]).toMatchObject({ width: 96, height: 96 });
    const wide = await manager.generateImage({ prompt: 'a red circle', inputImages, steps: 4, width: 128 });
    expect(wide.warnings).toEqual([
      expect.objectContaining({ message: expect.stringContaining('stretched from 192 x 192 to 128 x 96') }),
    ]);
  });
});

describe('inpainting', () => {
  it('paints where the mask is white and keeps the rest', async () => {
    const image = await circle();
    const { images } = await manager.generateImage({
      prompt: 'a yellow star on a blue background',
      seed: 3,
      inputImages: [image],
      mask: await middle(),
    });
    const { at } = await pixels(images[0]!);
    for (const [x, y] of corners) expectNear(at(x, y), blue, 25);
    const [r, g, b] = at(48, 48) as [number, number, number];
    expect(Math.min(r, g)).toBeGreaterThan(b + 60);
  });
});

it('brings a mask of another size to that of the image, and says so', async () => {
  const mask = await middle(64, 64);
  const { warnings } = await manager.generateImage({
    prompt: 'a red circle',
    inputImages: [await circle()],
    mask,
  });
  expect(warnings).toContainEqual(expect.objectContaining({ code: 'parameter-adapted', parameter: 'mask' }));
});

it('gives the image back at strength 0, and says so', async () => {
  const image = await circle();
  const { images, warnings } = await manager.generateImage({
    prompt: 'a green ring',
    inputImages: [image],
    strength: 0,
  });
  const kept = await pixels(images[0]!);
  expect(await kept.differenceFrom(image)).toBeLessThan(1);
  expect(warnings.map(({ message }) => message).join()).toMatch(/Strength 0 keeps the image as it is/);
});

it.each([
  [
    'a file that is not a picture',
    async () => ({ inputImages: [{ bytes: Uint8Array.of(1), mediaType: 'image/png' }] }),
    /inputImages\.0: it cannot be read/,
  ],
  ['two pictures', async () => ({ inputImages: [await circle(), await circle()] }), /takes at most 1/],
] as const)('refuses %s', async (_, request, message) => {
  const call = manager.generateImage({ prompt: 'a red circle', ...((await request()) as object) });
  await expect(call).rejects.toMatchObject({
    code: 'ERR_REQUEST_INVALID',
    message: expect.stringMatching(message),
  });
});

describe('a model of its own kind', () => {
  /** A kernel with one more model, "mine". */
  async function managerWith(pipelineType: string, path: string): Promise<ImageServiceManager> {
    const folder = await mkdtemp(join(tmpdir(), 'easel-catalogue-'));
    const entry = {
      id: 'mine',
      name: 'Mine',
      pipelineType,
      source: { type: 'folder', path },
      defaults: { width: size, height: size, steps: 8, sampler: 'ddim' },
      supports: {
        ...{ minimumEdge: 32, maximumEdge: 512, edgeMultiple: 32, images: 1 },
        ...{ seed: true, steps: true, sampler: true, inputImages: 1, mask: true },
      },
    };
    await writeFile(join(folder, 'mine.json'), JSON.stringify(entry));
    const own = createImageServiceManager({
      configuration: { catalogueFolders: [folder], currentModel: 'mine' },
    });
    onTestFinished(async () => {
      await own.close();
      await rm(folder, { recursive: true, maxRetries: 10 });
    });
    return own;
  }

  /**
   * The bundled model as one for inpainting: its first convolution reads five channels more, and makes
   * nothing of them.
   */
  async function inpaintingModel(): Promise<string> {
    const folder = await mkdtemp(join(tmpdir(), 'easel-inpainting-'));
    onTestFinished(() => rm(folder, { recursive: true, maxRetries: 10 }));
    const leaveOut = ['training', 'samples'].map((name) => join(bundledModel, name));
    await cp(bundledModel, folder, { recursive: true, filter: (name) => !leaveOut.includes(name) });
    const index = JSON.parse(await readFile(join(folder, 'model_index.json'), 'utf8')) as object;
    const changed = { ...index, _class_name: 'StableDiffusionInpaintPipeline' };
    await writeFile(join(folder, 'model_index.json'), JSON.stringify(changed));
    const config = JSON.parse(await readFile(join(folder, 'unet/config.json'), 'utf8')) as object;
    await writeFile(join(folder, 'unet/config.json'), JSON.stringify({ ...config, in_channels: 9 }));

    const file = join(folder, 'unet/diffusion_pytorch_model.safetensors');
    const [bytes, locations] = await Promise.all([readFile(file), readSafetensors(file)]);
    const tensors: Record<string, RawTensor> = {};
    for (const [name, { dtype, shape, offset, length }] of locations) {
      tensors[name] = { dtype, shape, bytes: bytes.subarray(offset, offset + length) };
    }
    const { dtype, bytes: old } = tensors['conv_in.weight']!;
    const [outputs, row] = [64, 3 * 3 * 2];
    const widened = new Uint8Array(outputs * 9 * row);
    for (let output = 0; output < outputs; output++) {
      widened.set(old.subarray(output * 4 * row, (output + 1) * 4 * row), output * 9 * row);
    }
    tensors['conv_in.weight'] = { dtype, shape: [outputs, 9, 3, 3], bytes: widened };
    await writeSafetensors(file, tensors);
    return folder;
  }

  it('for inpainting paints only with a picture', async () => {
    const own = await managerWith('sd', await inpaintingModel());
    const prompt = 'a yellow star at night';
    await expect(own.generateImage({ prompt })).rejects.toMatchObject({
      code: 'ERR_REQUEST_INVALID',
      plugin: 'local-diffusion',
      message: expect.stringContaining('for inpainting only'),
    });
    const inputImages = [await circle()];
    const masked = await own.generateImage({ prompt, seed: 5, inputImages, mask: await middle() });
    // At strength 1, and reading nothing of mask and picture, it paints what the bundled model paints from
    // the same noise.
    const model = { model: 'picturebook', guidanceScale: 7.5, sampler: 'ddim', steps: 8 };
    const plain = await own.generateImage({ prompt, seed: 5, ...model });
    expect(masked.images[0]!.bytes).toEqual(plain.images[0]!.bytes);
  });

  it('of type sdxl comes to this plugin', async () => {
    const own = await managerWith('sdxl', '/nowhere/at/all');
    await expect(own.generateImage({ prompt: 'a cat' })).rejects.toMatchObject({
      code: 'ERR_MODEL_FILES_INVALID',
      plugin: 'local-diffusion',
    });
  });
});
