import { cp, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, onTestFinished, test } from 'vitest';
import { floatTensor, writeSafetensors } from '../../../../../test/reference/tensors.js';
import { readSafetensors } from '../../checkpoint/safetensors.js';
import { openModel } from '../../models/open-model.js';
import { generatePictures } from '../../pipelines/generate-pictures.js';
import type { PictureRequest } from '../../pipelines/picture-request.js';
import { TorchGenerator } from '../../sampling/noise/torch-generator.js';
import { NetworkMemory } from '../../session/network-memory.js';

const bundled = fileURLToPath(new URL('../../../../../models/picturebook', import.meta.url));
const timeWidth = 256;
const sinusoidSize = 8;
const pooledWidth = 16;

interface Checkpoint {
  /** Numbers that the network is told: 6 for SDXL, 5 for its refiner. */
  readonly numbers: number;
  readonly index?: Record<string, unknown>;
  readonly unet?: Record<string, unknown>;
  readonly projects?: boolean;
}

const wave = (shape: readonly [number, number], size: number) =>
  floatTensor(
    shape,
    Float32Array.from({ length: shape[0] * shape[1] }, (_, i) => size * Math.sin(0.7 * i)),
  );

/**
 * The bundled model with what SDXL has beyond it: its text encoder as the second, with a projection, and
 * embeddings of sizes.
 */
async function createCheckpoint({
  numbers,
  index = {},
  unet = {},
  projects = true,
}: Checkpoint): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'easel-xl-'));
  onTestFinished(() => rm(folder, { recursive: true }));
  for (const part of ['vae', 'scheduler'])
    await cp(join(bundled, part), join(folder, part), { recursive: true });
  await cp(join(bundled, 'tokenizer'), join(folder, 'tokenizer_2'), { recursive: true });
  await writeFile(
    join(folder, 'model_index.json'),
    JSON.stringify({
      _class_name: 'StableDiffusionXLImg2ImgPipeline',
      force_zeros_for_empty_prompt: false,
      text_encoder: [null, null],
      ...index,
    }),
  );
  const inputs = pooledWidth + numbers * sinusoidSize;
  await addToComponent('text_encoder', join(folder, 'text_encoder_2'), 'model.safetensors', {
    config: { projection_dim: pooledWidth },
    tensors: projects ? { 'text_projection.weight': wave([pooledWidth, 128], 0.1) } : {},
  });
  await addToComponent('unet', join(folder, 'unet'), 'diffusion_pytorch_model.safetensors', {
    config: {
      addition_embed_type: 'text_time',
      addition_time_embed_dim: sinusoidSize,
      projection_class_embeddings_input_dim: inputs,
      ...unet,
    },
    tensors: {
      'add_embedding.linear_1.weight': wave([timeWidth, inputs], 0.05),
      'add_embedding.linear_1.bias': floatTensor([timeWidth], new Float32Array(timeWidth)),
      'add_embedding.linear_2.weight': wave([timeWidth, timeWidth], 0.05),
      'add_embedding.linear_2.bias': floatTensor([timeWidth], new Float32Array(timeWidth)),
    },
  });
  return folder;
}

async function addToComponent(
  from: string,
  folder: string,
  file: string,
  added: { config: Record<string, unknown>; tensors: Parameters<typeof writeSafetensors>[1] },
): Promise<void> {
  await mkdir(folder);
  const config = JSON.parse(await readFile(join(bundled, from, 'config.json'), 'utf8')) as object;
  await writeFile(join(folder, 'config.json'), JSON.stringify({ ...config, ...added.config }));
  const weights = join(bundled, from, file);
  const [bytes, locations] = await Promise.all([readFile(weights), readSafetensors(weights)]);
  const own = [...locations].map(
    ([name, { dtype, shape, offset, length }]) =>
      [name, { dtype, shape, bytes: bytes.subarray(offset, offset + length) }] as const,
  );
  await writeSafetensors(join(folder, file), { ...Object.fromEntries(own), ...added.tensors });
}

const planes = Float32Array.from({ length: 3 * 32 * 32 }, (_, index) => Math.sin(index / 50));
const source = { kind: 'picture', planes } as const;
const request = (changes: Partial<PictureRequest> = {}): PictureRequest => ({
  prompts: ['a red circle'],
  negativePrompts: undefined,
  width: 32,
  height: 32,
  guidanceScale: 3,
  guidanceRescale: 0,
  clipSkip: 0,
  steps: 2,
  generators: [new TorchGenerator(1)],
  ...changes,
});

async function open(folder: string) {
  const model = await openModel({ path: folder }, { memory: new NetworkMemory({ threads: 1 }) });
  onTestFinished(() => model.release());
  return {
    model,
    paint: async (changes: Partial<PictureRequest> = {}) =>
      (await generatePictures(model, request(changes))).planes,
  };
}

describe('SDXL', () => {
  test('paints, and heeds the sizes that it is told and the prompt', async () => {
    const { model, paint } = await open(await createCheckpoint({ numbers: 6 }));
    expect(model.refinesOnly).toBe(false);
    const plain = await paint();
    expect(plain).toHaveLength(3 * 32 * 32);
    expect(plain.every(Number.isFinite)).toBe(true);
    expect(await paint()).toEqual(plain);
    const others: Partial<PictureRequest>[] = [
      { familyOptions: { conditions: { originalSize: [1024, 768] } } },
      { prompts: ['a blue star'] },
      { clipSkip: 1 },
      { source },
    ];
    for (const other of others)
      expect(await paint(other), JSON.stringify(Object.keys(other))).not.toEqual(plain);
  });

  test('takes zeros for no negative prompt where its index says so', async () => {
    const { paint } = await open(
      await createCheckpoint({ numbers: 6, index: { force_zeros_for_empty_prompt: true } }),
    );
    expect(await paint()).not.toEqual(await paint({ negativePrompts: [''] }));
  });
});

describe("SDXL's refiner", () => {
  test('refines a picture, heeds the score that it is told, and paints none of its own', async () => {
    const { model, paint } = await open(await createCheckpoint({ numbers: 5 }));
    expect(model.refinesOnly).toBe(true);
    await expect(paint()).rejects.toMatchObject({ code: 'ERR_REQUEST_INVALID' });
    const refined = await paint({ source, strength: 0.5 });
    // Without force_zeros_for_empty_prompt no negative prompt is an empty one.
    expect(await paint({ source, strength: 0.5, negativePrompts: [''] })).toEqual(refined);
    const scored = { source, strength: 0.5, familyOptions: { conditions: { aestheticScore: 1 } } };
    expect(await paint(scored)).not.toEqual(refined);
  });
});

test.each<[string, Checkpoint, RegExp]>([
  ['told too many numbers', { numbers: 7 }, /is told 7 numbers; SDXL has 6 and its refiner 5/],
  ['without sizes', { numbers: 6, unet: { addition_embed_type: null } }, /no pooled text and no sizes/],
  ['without a projection', { numbers: 6, projects: false }, /text_encoder_2 has no projection/],
  [
    'with a text encoder of another width',
    { numbers: 6, unet: { cross_attention_dim: 64 } },
    /64 wide .* writes 128/,
  ],
  [
    'for depth',
    { numbers: 6, unet: { in_channels: 5 } },
    /takes 5 channels and gives 4, and the autoencoder has 4/,
  ],
  [
    'of another pipeline',
    { numbers: 6, index: { _class_name: 'PixArtSigmaPipeline' } },
    /PixArtSigmaPipeline/,
  ],
  ['of none', { numbers: 6, index: { _class_name: 7 } }, /no valid "_class_name"/],
  [
    'without its first text encoder',
    { numbers: 6, index: { text_encoder: ['transformers', 'CLIPTextModel'] } },
    /text_encoder.config\.json/,
  ],
])('refuses a checkpoint %s', async (_, checkpoint, message) => {
  await expect(openModel({ path: await createCheckpoint(checkpoint) })).rejects.toMatchObject({
    code: 'ERR_MODEL_FILES_INVALID',
    message: expect.stringMatching(message),
  });
});
