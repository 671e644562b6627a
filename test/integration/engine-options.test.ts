import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { createImageServiceManager, type ImageServiceManager } from '@easel/core';
import type { Preview } from '@easel/plugin-sdk';
import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { openComponent } from '../../plugins/local-diffusion/src/checkpoint/component.js';
import { readFloats } from '../../plugins/local-diffusion/src/checkpoint/float-values.js';
import { createClipTokenizer } from '../../plugins/local-diffusion/src/tokenizers/clip-tokenizer.js';
import { writeSafetensors } from '../reference/tensors.js';

const bundledModel = fileURLToPath(new URL('../../models/picturebook', import.meta.url));
let manager: ImageServiceManager;

beforeAll(() => {
  manager = createImageServiceManager({ configuration: { pluginFolders: [], catalogueFolders: [] } });
});
afterAll(() => manager.close());

type Request = Parameters<ImageServiceManager['generateImage']>[0];
/** Makes a picture with options for the engine. */
async function make(options: Record<string, unknown>, request: Partial<Request> = {}) {
  const { images, warnings } = await manager.generateImage({
    prompt: 'a yellow star at night',
    seed: 7,
    steps: 8,
    ...request,
    providerOptions: { 'local-diffusion': options as never },
  });
  return { image: images[0]!, images, warnings };
}

async function pixels(bytes: Uint8Array, width: number, height: number): Promise<Buffer> {
  return await sharp(bytes).removeAlpha().resize(width, height, { kernel: 'nearest' }).raw().toBuffer();
}
/** The mean over all bytes. */
const differenceOf = (one: Buffer, other: Buffer) =>
  one.reduce((sum, value, index) => sum + Math.abs(value - other[index]!), 0) / one.length;

describe('webui’s syntax in prompts', () => {
  it('changes a prompt from step to step and composes it of several, unless it is switched off', async () => {
    const prompt = (text: string) => ({ prompt: text });
    const [star, edited, composed] = [
      await make({}, prompt('a yellow star')),
      await make({}, prompt('[a yellow star:a red house:0.5]')),
      await make({}, prompt('a yellow star AND a red house:0')),
    ];
    expect(edited.image.bytes).not.toEqual(star.image.bytes);
    expect(composed.image.bytes).not.toEqual(edited.image.bytes);
    const [starPixels, composedPixels] = [
      await pixels(star.image.bytes, 64, 64),
      await pixels(composed.image.bytes, 64, 64),
    ];
    // A prompt of weight 0 leaves the other one alone, but for what the padding of the batch does.
    expect(differenceOf(starPixels, composedPixels)).toBeLessThan(1);
    for (const { warnings } of [star, edited, composed]) expect(warnings).toEqual([]);
    const off = { promptEditing: false, promptComposition: false };
    const { warnings } = await make(off, prompt('[a star:a house:0.5] AND a moon'));
    expect(warnings.map(({ message }) => message)).toEqual([
      expect.stringMatching(/had no effect as prompt editing/),
      expect.stringMatching(/"AND" had no effect as composition/),
    ]);
  });
});

describe('promptStyle', () => {
  it('weighs words, and reads brackets as text when it is plain', async () => {
    const prompt = 'a (yellow:1.4) star at night';
    const [unweighted, neutral, weighted, plain] = [
      await make({}),
      await make({}, { prompt: 'a (yellow:1.0) star at night' }),
      await make({}, { prompt }),
      await make({ promptStyle: 'plain' }, { prompt }),
    ];
    expect(neutral.image.bytes).toEqual(unweighted.image.bytes);
    expect(weighted.image.bytes).not.toEqual(unweighted.image.bytes);
    expect(plain.image.bytes).not.toEqual(weighted.image.bytes);
    expect(plain.image.bytes).not.toEqual(unweighted.image.bytes);
  });

  it('reads a long prompt to its end, and only to the first chunk when it is plain', async () => {
    // 60 tokens: more than the 30 that the bundled model reads at once.
    const long = (end: string) => ({ prompt: `${'a yellow star at night '.repeat(12)}${end}` });
    const [star, circle] = [await make({}, long('a star')), await make({}, long('a circle'))];
    expect(star.warnings).toEqual([]);
    expect(star.image.bytes).not.toEqual(circle.image.bytes);
    const plain = { promptStyle: 'plain' };
    const [cutStar, cutCircle] = [await make(plain, long('a star')), await make(plain, long('a circle'))];
    expect(cutStar.image.bytes).toEqual(cutCircle.image.bytes);
    expect(cutStar.warnings).toEqual([
      expect.objectContaining({ message: expect.stringMatching(/tokens of a prompt had no effect/) }),
    ]);
  });
});

describe('refiner', () => {
  it('goes on where the base stopped: the model itself makes the very picture', async () => {
    const request = { sampler: 'ddim', n: 2 };
    const alone = await make({}, request);
    const handedOver = await make({ refiner: { path: bundledModel, switchAt: 0.5 } }, request);
    expect(handedOver.warnings).toEqual([]);
    expect(handedOver.images.map(({ bytes }) => bytes)).toEqual(alone.images.map(({ bytes }) => bytes));
  });

  it.each([
    ['the refiner', { steps: 3 }, 0.9],
    ['the model before the refiner', { steps: 3 }, 0.01],
  ])('leaves the image to the model where the switch leaves %s no step', async (who, request, switchAt) => {
    const alone = await make({}, request);
    const { image, warnings } = await make({ refiner: { path: bundledModel, switchAt } }, request);
    expect(image.bytes).toEqual(alone.image.bytes);
    expect(warnings.map(({ message }) => message)).toEqual([
      expect.stringContaining(`refiner.switchAt ${switchAt} leaves ${who} none of 3 steps`),
    ]);
  });

  it('is opened by its path', async () => {
    const call = make({ refiner: { path: '/nowhere/at/all' } });
    await expect(call).rejects.toMatchObject({
      code: 'ERR_MODEL_FILES_INVALID',
      message: expect.stringContaining('/nowhere/at/all'),
    });
  });
});

describe('hiresFix', () => {
  it('is text to image at the smaller size and then image to image, told in words', async () => {
    const size = { width: 192, height: 192 };
    const messages = new Set<string>();
    const { images } = await manager.generateImage(
      {
        ...{ prompt: 'a yellow star at night', seed: 7, steps: 8, ...size },
        providerOptions: { 'local-diffusion': { hiresFix: { strength: 0.6, steps: 10 } } },
      },
      { onProgress: ({ message }) => void (message && messages.add(message)) },
    );
    const small = await make({}, { width: 96, height: 96 });
    const { bytes } = small.image;
    const second = await make(
      {},
      { ...size, inputImages: [{ bytes, mediaType: 'image/png' }], strength: 0.6, steps: 10 },
    );
    expect(images[0]).toMatchObject(size);
    expect(images[0]!.bytes).toEqual(second.image.bytes);
    expect([...messages].join()).toMatch(/pass 2 of 2, step \d+ of 6/);
  });

  it('obeys scale and size', async () => {
    const size = { width: 128, height: 192 };
    const [scaled, sized] = [
      await make({ hiresFix: { scale: 2 } }, size),
      await make({ hiresFix: { width: 64, height: 96 } }, size),
    ];
    expect(scaled.image.bytes).toEqual(sized.image.bytes);
    expect((await make({ hiresFix: {} }, size)).image.bytes).not.toEqual(sized.image.bytes);
  });
});

describe('embeddings', () => {
  /** A textual inversion whose vectors are the model's own for "yellow star". */
  async function yellowStar(): Promise<string> {
    const folder = await mkdtemp(join(tmpdir(), 'easel-embedding-'));
    onTestFinished(() => rm(folder, { recursive: true, maxRetries: 10 }));
    const file = (name: string) => readFile(join(bundledModel, 'tokenizer', name), 'utf8');
    const files = { 'vocab.json': await file('vocab.json'), 'merges.txt': await file('merges.txt') };
    const ids = createClipTokenizer(files).encode('yellow star');
    const { tensors } = await openComponent(join(bundledModel, 'text_encoder'));
    const table = tensors.get('text_model.embeddings.token_embedding.weight')!;
    const [, width = 0] = table.shape;
    const values = await readFloats(table);
    const rows = ids.flatMap((id) => [...values.subarray(id * width, (id + 1) * width)]);
    const bytes = new Uint8Array(Float32Array.from(rows).buffer);
    const path = join(folder, 'ys-style.safetensors');
    await writeSafetensors(path, { emb_params: { dtype: 'F32', shape: [ids.length, width], bytes } });
    return path;
  }

  it('stand for the words that they were made of, by name or by a word of their own', async () => {
    const path = await yellowStar();
    const own = await make({});
    const named = await make({ embeddings: [{ path }] }, { prompt: 'a ys-style at night' });
    const renamed = await make(
      { embeddings: [{ path, word: '<gold>' }], clipSkip: 1 },
      { prompt: 'a <gold> at night' },
    );
    expect(named.warnings).toEqual([]);
    expect(named.image.bytes).toEqual(own.image.bytes);
    expect(renamed.image.bytes).toEqual((await make({ clipSkip: 1 })).image.bytes);
    const unused = await make({ embeddings: [{ path }] });
    expect(unused.image.bytes).toEqual(own.image.bytes);
    expect(unused.warnings).toEqual([
      expect.objectContaining({ message: expect.stringContaining('"ys-style" had no effect') }),
    ]);
  });

  it.each([
    ['a relative path', 'style.safetensors', 'ERR_REQUEST_INVALID', /absolute path/],
    ['a file that is not there', '/nowhere/style.safetensors', 'ERR_MODEL_FILES_INVALID', /nowhere/],
  ])('refuse %s', async (_, path, code, message) => {
    await expect(make({ embeddings: [{ path }] })).rejects.toMatchObject({
      code,
      message: expect.stringMatching(message),
    });
  });
});

describe('previews', () => {
  it('become more like the picture, and leave it as it is', async () => {
    const previews: Preview[] = [];
    const request = { prompt: 'a yellow star at night', seed: 7, sampler: 'euler', steps: 20 };
    const { images } = await manager.generateImage(
      { ...request, previews: 3 },
      { onProgress: ({ preview }) => void (preview && previews.push(preview)) },
    );
    expect(previews).toHaveLength(3);
    const wanted = await pixels(images[0]!.bytes, 96, 96);
    const differences: number[] = [];
    for (const preview of previews) {
      expect(preview).toMatchObject({ index: 0, width: 96, height: 96, mediaType: 'image/jpeg' });
      differences.push(differenceOf(await pixels(preview.bytes, 96, 96), wanted));
    }
    expect(differences[1]).toBeLessThan(differences[0]!);
    expect(differences[2]).toBeLessThan(differences[1]!);
    expect(differences[2]).toBeLessThan(20);
    const without = await manager.generateImage(request);
    expect(without.images[0]!.bytes).toEqual(images[0]!.bytes);
  });

  it('come for each picture', async () => {
    const seen: number[] = [];
    await manager.generateImage(
      { prompt: 'a red circle', n: 3, previews: 2, steps: 6 },
      { onProgress: ({ preview }) => void (preview && seen.push(preview.index)) },
    );
    expect(seen).toEqual([0, 0, 1, 1, 2, 2]);
  });
});
