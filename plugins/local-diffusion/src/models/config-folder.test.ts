import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import {
  type OriginalUnet,
  originalUnet,
  originalVae,
  prefixed,
  type Shapes,
  writeHollowFile,
} from '../../../../test/reference/original-checkpoint.js';
import { floatTensor, type RawTensor, writeSafetensors } from '../../../../test/reference/tensors.js';
import { deriveVaeConfig } from '../families/components/derived-configs.js';
import { stableDiffusionXl } from '../families/stable-diffusion-xl/index.js';
import { vaeDecoderGraph } from '../networks/autoencoder/vae.js';
import { readVaeConfig } from '../networks/autoencoder/vae-config.js';
import { withAutoencoder } from './autoencoder-option.js';
import { readSingleFile } from './read-single-file.js';

let folder: string;
let path: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'easel-single-file-'));
  path = join(folder, 'a.safetensors');
});
afterEach(() => rm(folder, { recursive: true }));

const small: OriginalUnet = {
  channels: 8,
  multipliers: [1, 1],
  depths: [1, 0],
  middleDepth: 1,
  context: 1024,
  linear: false,
};
const unet = prefixed('model.diffusion_model.', originalUnet(small));

async function put(name: string, content: object | string): Promise<void> {
  const file = join(folder, name);
  await mkdir(join(file, '..'), { recursive: true });
  await writeFile(file, typeof content === 'string' ? content : JSON.stringify(content));
}

describe('the folder of configs of a single file', () => {
  test('beside the file is used, each file that is there', async () => {
    await writeHollowFile(path, { ...unet, ...prefixed('first_stage_model.', originalVae()) });
    await put('a/unet/config.json', { act_fn: 'own' });
    await put('a/scheduler/scheduler_config.json', '{"_class_name": "LCMScheduler", "sigma_min": -Infinity}');
    const { components, schedulerConfig, warnings } = await readSingleFile(path);
    expect(components.unet).toMatchObject({
      name: 'unet',
      configFile: join(folder, 'a/unet/config.json'),
      config: { act_fn: 'own' },
    });
    expect(readVaeConfig(components.vae!).groups).toBe(32);
    expect(schedulerConfig).toMatchObject({ _class_name: 'LCMScheduler' });
    expect(warnings).toEqual([]);
  });

  test('that is given goes before the one beside it, and has to exist', async () => {
    await writeHollowFile(path, unet);
    await put('a/unet/config.json', { act_fn: 'beside' });
    await put('other/unet/config.json', { act_fn: 'given' });
    const given = await readSingleFile(path, { configFolder: join(folder, 'other') });
    expect(given.components.unet!.config).toEqual({ act_fn: 'given' });
    await expect(readSingleFile(path, { configFolder: join(folder, 'gone') })).rejects.toThrow(
      /gone, the folder of configs for .*, does not exist/,
    );
    await put('other/unet/config.json', '{');
    await expect(readSingleFile(path, { configFolder: join(folder, 'other') })).rejects.toMatchObject({
      code: 'ERR_MODEL_FILES_INVALID',
    });
  });

  test('has the tokenizers that are there; the others come with the engine', async () => {
    await writeHollowFile(path, unet);
    expect((await readSingleFile(path)).tokenizer('tokenizer')).toEqual({ builtIn: 'open-clip' });
    await put('a/tokenizer/vocab.json', {});
    expect((await readSingleFile(path)).tokenizer('tokenizer')).toEqual({
      folder: join(folder, 'a/tokenizer'),
    });
  });
});

describe('the step at which Stable Diffusion 2 was saved', () => {
  const step = (value: bigint): RawTensor => ({
    dtype: 'I64',
    shape: [],
    bytes: new Uint8Array(BigInt64Array.of(value).buffer),
  });
  const filled = Object.fromEntries(
    Object.entries(unet).map(([name, shape]) => [
      name,
      floatTensor(shape, new Float32Array(shape.reduce((a, b) => a * b, 1))),
    ]),
  );

  test.each([
    [875_000n, 'epsilon'],
    [110_000n, 'v_prediction'],
  ])('%d means %s', async (value, prediction_type) => {
    await writeSafetensors(path, { ...filled, global_step: step(value) });
    await put('a/unet/config.json', {});
    const { variant, schedulerConfig, warnings } = await readSingleFile(path);
    expect({ title: variant.title, schedulerConfig, warnings }).toMatchObject({
      title: 'Stable Diffusion 2',
      schedulerConfig: { prediction_type },
      warnings: [],
    });
  });
});

describe('an autoencoder apart', () => {
  /** An autoencoder for a checkpoint that has none. */
  const openAutoencoder = async (file: string) =>
    (
      await withAutoencoder({}, file, stableDiffusionXl, (tensors, what) =>
        deriveVaeConfig(tensors, 0.13025, what),
      )
    ).vae!;
  const diffusersNames: Shapes = {
    'decoder.mid_block.resnets.0.norm1.weight': [4],
    'decoder.conv_in.weight': [4, 4, 3, 3],
  };

  test.each([
    ['original names', originalVae()],
    ['a prefix', prefixed('first_stage_model.', originalVae())],
  ])('is opened with %s', async (_kind, shapes) => {
    await writeHollowFile(path, { ...shapes, 'loss.logvar': [] });
    const vae = await openAutoencoder(path);
    expect(readVaeConfig(vae).scaling).toBe(0.13025);
    vaeDecoderGraph(vae);
    expect([...vae.tensors.keys()].filter((name) => name.includes('loss'))).toEqual([]);
  });

  test('takes the place of that of a single file, with its config', async () => {
    await writeHollowFile(path, { ...unet, ...prefixed('first_stage_model.', originalVae()) });
    await put('a/vae/config.json', { scaling_factor: 0.5 });
    const other = join(folder, 'other.safetensors');
    await writeHollowFile(other, diffusersNames);
    const { components } = await readSingleFile(path, { vae: other });
    expect(components.vae).toMatchObject({ name: 'other.safetensors', config: { scaling_factor: 0.5 } });
    expect([...components.vae!.tensors.keys()]).toEqual(Object.keys(diffusersNames));
  });

  test('may be a folder, and has to be an autoencoder', async () => {
    await put('vae/config.json', { scaling_factor: 0.7 });
    await writeHollowFile(join(folder, 'vae', 'diffusion_pytorch_model.safetensors'), diffusersNames);
    expect(await openAutoencoder(join(folder, 'vae'))).toMatchObject({
      config: { scaling_factor: 0.7 },
    });
    await writeHollowFile(path, unet);
    await expect(openAutoencoder(path)).rejects.toThrow(/has no autoencoder/);
  });
});
