import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import {
  clipL,
  type OriginalUnet,
  openClip,
  originalUnet,
  originalVae,
  prefixed,
  type Shapes,
  writeHollowFile,
} from '../../../../test/reference/original-checkpoint.js';
import type { Component } from '../checkpoint/component.js';
import { vaeDecoderGraph, vaeEncoderGraph } from '../networks/autoencoder/vae.js';
import { readVaeConfig } from '../networks/autoencoder/vae-config.js';
import { clipTextGraph } from '../networks/clip/clip-text.js';
import { readClipTextConfig } from '../networks/clip/clip-text-config.js';
import { unetGraph } from '../networks/unet/unet.js';
import { readUnetConfig } from '../networks/unet/unet-config.js';
import { readSingleFile } from './read-single-file.js';

let folder: string;
let path: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'easel-single-file-'));
  path = join(folder, 'a.safetensors');
});
afterEach(() => rm(folder, { recursive: true }));

const unetOf = (config: OriginalUnet) => prefixed('model.diffusion_model.', originalUnet(config));
const sd1: OriginalUnet = {
  channels: 320,
  multipliers: [1, 2, 4, 4],
  depths: [1, 1, 1, 0],
  middleDepth: 1,
  context: 768,
  linear: false,
};
const sd2: OriginalUnet = { ...sd1, context: 1024, linear: true };
const xl: OriginalUnet = {
  channels: 320,
  multipliers: [1, 2, 4],
  depths: [0, 2, 10],
  middleDepth: 10,
  context: 2048,
  vector: 2816,
  linear: true,
};
const refiner: OriginalUnet = {
  channels: 384,
  multipliers: [1, 2, 4, 4],
  depths: [0, 4, 4, 0],
  middleDepth: 4,
  context: 1280,
  vector: 2560,
  linear: true,
};
const vae = prefixed('first_stage_model.', originalVae());
const junk: Shapes = {
  alphas_cumprod: [1000],
  'model_ema.decay': [],
  'model_ema.diffusion_modelout2bias': [4],
};
const texts = {
  sd1: prefixed('cond_stage_model.transformer.', clipL()),
  sd2: prefixed('cond_stage_model.model.', openClip(24, 1024)),
  xl: {
    ...prefixed('conditioner.embedders.0.transformer.', clipL()),
    ...prefixed('conditioner.embedders.1.model.', openClip(32, 1280)),
  },
  refiner: prefixed('conditioner.embedders.0.model.', openClip(32, 1280)),
};

/** Configs of the published models, by the files on Hugging Face. */
const published = {
  sd1: {
    block_out_channels: [320, 640, 1280, 1280],
    down_block_types: ['CrossAttnDownBlock2D', 'CrossAttnDownBlock2D', 'CrossAttnDownBlock2D', 'DownBlock2D'],
    up_block_types: ['UpBlock2D', 'CrossAttnUpBlock2D', 'CrossAttnUpBlock2D', 'CrossAttnUpBlock2D'],
    attention_head_dim: 8,
    cross_attention_dim: 768,
  },
  sd2: { attention_head_dim: [5, 10, 20, 20], cross_attention_dim: 1024 },
  xl: {
    block_out_channels: [320, 640, 1280],
    down_block_types: ['DownBlock2D', 'CrossAttnDownBlock2D', 'CrossAttnDownBlock2D'],
    up_block_types: ['CrossAttnUpBlock2D', 'CrossAttnUpBlock2D', 'UpBlock2D'],
    attention_head_dim: [5, 10, 20],
    transformer_layers_per_block: [1, 2, 10],
    cross_attention_dim: 2048,
    addition_embed_type: 'text_time',
    addition_time_embed_dim: 256,
    projection_class_embeddings_input_dim: 2816,
  },
  refiner: {
    block_out_channels: [384, 768, 1536, 1536],
    down_block_types: ['DownBlock2D', 'CrossAttnDownBlock2D', 'CrossAttnDownBlock2D', 'DownBlock2D'],
    up_block_types: ['UpBlock2D', 'CrossAttnUpBlock2D', 'CrossAttnUpBlock2D', 'UpBlock2D'],
    attention_head_dim: [6, 12, 24, 24],
    transformer_layers_per_block: 4,
    cross_attention_dim: 1280,
    addition_embed_type: 'text_time',
    addition_time_embed_dim: 256,
    projection_class_embeddings_input_dim: 2560,
  },
};

const asConfig = (component: Component, config: object): Component => ({ ...component, config });
const clipOf = (component: Component | undefined) => component && readClipTextConfig(component);
const openHollow = async (shapes: Shapes, metadata?: Record<string, string>) => {
  await writeHollowFile(path, shapes, metadata);
  return readSingleFile(path);
};
const refuses = async (message: RegExp) =>
  expect(readSingleFile(path)).rejects.toMatchObject({
    code: 'ERR_MODEL_FILES_INVALID',
    message: expect.stringMatching(message),
  });

describe('readSingleFile, by the tensors of published models', () => {
  test.each([
    ['Stable Diffusion 1', 'Stable Diffusion 1', sd1, texts.sd1, published.sd1, 'PNDMScheduler'],
    [
      'its inpainting',
      'Stable Diffusion 1',
      { ...sd1, inputs: 9 },
      texts.sd1,
      { ...published.sd1, in_channels: 9 },
      'PNDMScheduler',
    ],
    [
      'Stable Diffusion 2',
      'Stable Diffusion 2',
      sd2,
      texts.sd2,
      { ...published.sd1, ...published.sd2 },
      'DDIMScheduler',
    ],
    ['XL', 'Stable Diffusion XL', xl, texts.xl, published.xl, 'EulerDiscreteScheduler'],
    [
      'the refiner',
      'the refiner of Stable Diffusion XL',
      refiner,
      texts.refiner,
      published.refiner,
      'EulerDiscreteScheduler',
    ],
  ] as const)('opens %s', async (_title, model, unet, text, config, scheduler) => {
    const file = await openHollow({ ...unetOf(unet), ...vae, ...text, ...junk });
    expect(file.variant.title).toBe(model);
    const { components } = file;
    expect(readUnetConfig(components.unet!)).toEqual(readUnetConfig(asConfig(components.unet!, config)));
    expect(file.schedulerConfig).toMatchObject({ _class_name: scheduler, beta_schedule: 'scaled_linear' });

    // Writing the graphs resolves every tensor that the networks use, each with the shape that the config
    // calls for.
    unetGraph(components.unet!);
    vaeDecoderGraph(components.vae!);
    vaeEncoderGraph(components.vae!);
    for (const encoder of [components.text_encoder, components.text_encoder_2])
      if (encoder) clipTextGraph(encoder);
    expect(readVaeConfig(components.vae!)).toMatchObject({
      channels: [128, 256, 512, 512],
      layers: 2,
      groups: 32,
      scaling: model.endsWith('XL') ? 0.13025 : 0.18215,
    });
  });

  test('tells the text encoders', async () => {
    const clip = {
      width: 768,
      feedForwardWidth: 3072,
      layers: 12,
      heads: 12,
      activation: 'quick_gelu',
      endToken: 2,
    };
    const huge = { width: 1024, feedForwardWidth: 4096, layers: 23, heads: 16, activation: 'gelu' };
    const bigG = {
      width: 1280,
      feedForwardWidth: 5120,
      layers: 32,
      heads: 20,
      activation: 'gelu',
      projectionWidth: 1280,
    };
    const first = await openHollow({ ...unetOf(sd1), ...texts.sd1 });
    expect(clipOf(first.components.text_encoder)).toMatchObject(clip);
    const second = await openHollow({ ...unetOf(sd2), ...texts.sd2 });
    expect(clipOf(second.components.text_encoder)).toMatchObject(huge);
    expect(clipOf(second.components.text_encoder)).not.toHaveProperty('projectionWidth');
    const both = await openHollow({ ...unetOf(xl), ...texts.xl });
    expect(clipOf(both.components.text_encoder)).toMatchObject(clip);
    expect(clipOf(both.components.text_encoder_2)).toMatchObject(bigG);
    const last = await openHollow({ ...unetOf(refiner), ...texts.refiner });
    expect(last.components).not.toHaveProperty('text_encoder');
    expect(last.components).not.toHaveProperty('vae');
    expect(clipOf(last.components.text_encoder_2)).toMatchObject(bigG);
  });

  test.each<[string, string, OriginalUnet, Shapes, Record<string, string>]>([
    ['epsilon', 'by its metadata', sd2, {}, { 'modelspec.prediction_type': 'epsilon' }],
    ['v_prediction', 'by its metadata', sd1, {}, { 'modelspec.prediction_type': 'v' }],
    ['epsilon', 'by its architecture', sd2, {}, { 'modelspec.architecture': 'stable-diffusion-v2-512' }],
    ['epsilon', 'for inpainting', { ...sd2, inputs: 9 }, {}, {}],
    ['v_prediction', 'by a mark', xl, { v_pred: [0], ztsnr: [0] }, {}],
  ])('predicts %s %s', async (prediction_type, _how, unet, marks, metadata) => {
    const { schedulerConfig, warnings } = await openHollow({ ...unetOf(unet), ...marks }, metadata);
    const fromPureNoise = { rescale_betas_zero_snr: true, timestep_spacing: 'trailing' };
    expect(schedulerConfig).toMatchObject({ prediction_type, ...(marks.ztsnr && fromPureNoise) });
    expect(warnings).toEqual([]);
  });

  test('says when it had to assume v-prediction, and can be told by the folder of configs that it names', async () => {
    const { warnings } = await openHollow(unetOf(sd2));
    expect(warnings).toEqual([expect.stringMatching(/does not say what it predicts/)]);
    const scheduler = join(folder, 'a', 'scheduler');
    await mkdir(scheduler, { recursive: true });
    await writeFile(join(scheduler, 'scheduler_config.json'), '{"prediction_type": "epsilon"}');
    const told = await readSingleFile(path);
    expect(told).toMatchObject({ schedulerConfig: { prediction_type: 'epsilon' }, warnings: [] });
  });

  test('refuses other kinds of models by name', async () => {
    const { 'model.diffusion_model.input_blocks.0.0.weight': _gone, ...cut } = unetOf(sd1);
    await writeHollowFile(path, cut);
    await refuses(/no "model\.diffusion_model\.input_blocks\.0\.0\.weight" and no "joint_blocks\.0\..*"\.$/);
    const block = 'model.diffusion_model.double_blocks.0';
    await writeHollowFile(path, {
      [`${block}.img_attn.qkv.weight`]: [3, 1],
      [`${block}.img_mod.lin.weight`]: [6, 1],
    });
    await refuses(/"x_embedder\.weight" of the transformer of .* is missing/);
    await writeHollowFile(path, { 'lora_unet_mid.lora_down.weight': [4, 1] });
    await refuses(/looks like a LoRA/);
    await writeHollowFile(path, vae);
    await refuses(/looks like an autoencoder alone/);
    await writeHollowFile(path, unetOf({ ...sd2, vector: 1536 }));
    await refuses(/like Stable Diffusion 2, but its denoising network takes further embeddings/);
    await writeHollowFile(path, unetOf({ ...sd1, context: 32 }));
    await refuses(/reads text 32 wide, and not 768/);
    await writeFile(path, 'PK\x03\x04 archive/data.pkl and more than enough of it');
    await refuses(/a PyTorch checkpoint \(a zip of pickles\), which can run code/);
  });

  test('names a tensor that is missing, with those nearest to it', async () => {
    const { 'model.diffusion_model.out.2.weight': _gone, ...cut } = unetOf(sd1);
    await writeHollowFile(path, cut);
    await refuses(/"conv_out\.weight" of the unet of .* is missing\. Nearest to it are .*"conv_out\.bias"/);
  });
});
