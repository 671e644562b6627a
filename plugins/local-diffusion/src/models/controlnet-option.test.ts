import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import {
  type OriginalUnet,
  originalControlNet,
  prefixed,
  type Shapes,
  writeHollowFile,
} from '../../../../test/reference/original-checkpoint.js';
import { flux } from '../families/flux/index.js';
import { stableDiffusion } from '../families/stable-diffusion/index.js';
import { stableDiffusionXl } from '../families/stable-diffusion-xl/index.js';
import { controlNetGraph } from '../networks/controlnet/controlnet.js';
import { readControlNetConfig } from '../networks/controlnet/controlnet-config.js';
import { withControlNets } from './controlnet-option.js';

let folder: string;
let path: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'easel-controlnet-'));
  path = join(folder, 'control_v11p_sd15_canny.safetensors');
});
afterEach(() => rm(folder, { recursive: true }));

const first: OriginalUnet = {
  ...{ channels: 320, multipliers: [1, 2, 4, 4], depths: [1, 1, 1, 0], middleDepth: 1 },
  ...{ context: 768, linear: false },
};
const xl: OriginalUnet = {
  ...{ channels: 320, multipliers: [1, 2, 4], depths: [0, 2, 10], middleDepth: 10 },
  ...{ context: 2048, vector: 2816, linear: true },
};
const weightsIn = (shapes: Shapes): number =>
  Object.values(shapes).reduce((sum, shape) => sum + shape.reduce((one, other) => one * other, 1), 0);

test.each([
  // As published: 361 million weights, and 1,251,014,160 of XL's.
  [
    'Stable Diffusion 1',
    stableDiffusion,
    prefixed('control_model.', originalControlNet(first)),
    8,
    361_279_120,
  ],
  ['XL', stableDiffusionXl, originalControlNet(xl), undefined, 1_251_014_160],
] as const)('a ControlNet of %s is read by its original names', async (_, family, shapes, heads, count) => {
  expect(weightsIn(shapes)).toBe(count);
  await writeHollowFile(path, shapes);
  const { 'controlnet.0': net } = await withControlNets({}, [path], family);
  expect(net!.tensors.size).toBe(Object.keys(shapes).length);
  const { unet, embeddingChannels } = readControlNetConfig(net!);
  expect(embeddingChannels).toEqual([16, 32, 96, 256]);
  const [attention] = unet.downLevels.flatMap((level) => level.attention ?? []);
  expect(attention!.heads).toBe(heads ?? 10);
  // Every tensor that it mounts has the shape that it wants.
  expect(controlNetGraph(net!).outputs).toHaveLength(unet.downLevels.length === 4 ? 13 : 10);
});

test.each([
  ['a Control-LoRA', { lora_controlnet: [0], 'input_blocks.0.0.up': [320, 4] }],
  ['a T2I-Adapter', { 'adapter.body.0.resnets.0.block1.weight': [320, 320, 3, 3] }],
  ['a ControlNet for FLUX', { 'controlnet_x_embedder.weight': [3072, 64] }],
  ['no ControlNet', { 'vae.decoder.conv_in.weight': [512, 4, 3, 3] }],
])('%s is told by what it is', async (what, shapes) => {
  await writeHollowFile(path, shapes);
  await expect(withControlNets({}, [path], stableDiffusion)).rejects.toMatchObject({
    code: 'ERR_MODEL_FILES_INVALID',
    message: expect.stringContaining(`canny.safetensors is ${what}`),
  });
});

test("FLUX tells Stable Diffusion's ControlNets and XLabs' by what they are", async () => {
  await writeHollowFile(path, originalControlNet(first));
  await expect(withControlNets({}, [path], flux)).rejects.toThrow(/is a ControlNet for Stable Diffusion/);
  await writeHollowFile(path, {
    'double_blocks.0.img_attn.qkv.weight': [9216, 3072],
    'input_hint_block.0.weight': [16, 3, 3, 3],
  });
  await expect(withControlNets({}, [path], flux)).rejects.toThrow(/is a ControlNet of XLabs/);
});
