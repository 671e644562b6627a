import { existsSync, readFileSync } from 'node:fs';
import { cp, mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import sharp from 'sharp';
import { expect, test } from 'vitest';
import { z } from 'zod';
import { easel, workingFolder } from './easel.js';

const path = (relative: string) => fileURLToPath(new URL(`../../${relative}`, import.meta.url));
const golden = (relative: string) => path(`test/golden/${relative}`);
const zImage = 'z_image_turbo';
const pipelines = golden('d_pipelines');

/** Where a file of another program lies in its folder, and what it is there. */
const files: Readonly<Record<string, string>> = {
  [`checkpoints/${zImage}.safetensors`]: 'f_single_file/zimage_flux2_extra/z_image_all_in_one.safetensors',
  'diffusion_models/flux-2-klein-4b.safetensors':
    'f_single_file/zimage_flux2_extra/flux-2-klein-4b_prefixed.safetensors',
  'diffusion_models/qwen_image_bf16.safetensors':
    'd_pipelines/qwen_image_pipeline/transformer/diffusion_pytorch_model.safetensors',
  'unet/flux1-dev-Q4_0.gguf': 'i_quantised/models/flux/flux1-dev-Q4_0.gguf',
  'text_encoders/t5xxl-Q8_0.gguf': 'i_quantised/models/t5/t5xxl-encoder-Q8_0.gguf',
  'text_encoders/clip_l.safetensors': 'f_single_file/flux/clip_l.safetensors',
  'vae/ae.safetensors': 'f_single_file/flux/ae.safetensors',
  'loras/style.safetensors': 'g_lora/flux_lora_kohya.safetensors',
};

const foundSchema = z.object({
  models: z.array(
    z.object({ id: z.string(), is: z.string(), weights: z.array(z.string()), path: z.string() }),
  ),
  otherFiles: z.array(z.object({ is: z.string(), weights: z.array(z.string()), path: z.string() })),
});

test('easel models import takes the folder of another program over, and lists what each file is', async () => {
  const folder = workingFolder({ storageFolder: 'kept', pluginFolders: [path('plugins')] });
  const models = join(folder, 'ComfyUI/models');
  for (const [to, from] of Object.entries(files)) await cp(golden(from), join(models, to));
  await cp(path('models/picturebook'), join(models, 'diffusers/picturebook'), { recursive: true });
  // Shapes this small do not tell the configs.
  await cp(join(pipelines, 'zimage_pipeline'), join(models, 'checkpoints', zImage), {
    recursive: true,
    filter: (each) => !each.endsWith('.safetensors'),
  });
  await mkdir(join(models, '.cache'));

  const importAll = async () => {
    const { status, stdout, stderr } = await easel(folder, ['models', 'import', models, '--json']);
    expect([status, stderr]).toEqual([0, expect.anything()]);
    return foundSchema.parse(JSON.parse(stdout));
  };
  const found = await importAll();
  expect(Object.fromEntries(found.models.map(({ id, is, weights }) => [id, [is, ...weights]]))).toEqual({
    z_image_turbo: ['z-image', 'F16'],
    'diffusion_models-flux-2-klein-4b': ['flux2', 'F16'],
    qwen_image_bf16: ['qwen-image', 'F16'],
    'flux1-dev-q4_0': ['flux', 'Q4_0', 'F16', 'Q4_1'],
    'diffusers-picturebook': ['sd', 'F16'],
  });
  const others = found.otherFiles.map(({ is, weights, path: each }) => [
    each.slice(models.length + 1),
    is,
    ...weights,
  ]);
  expect(others).toEqual([
    ['loras/style.safetensors', 'a LoRA', 'F16'],
    ['text_encoders/clip_l.safetensors', 'a text encoder', 'F16'],
    ['text_encoders/t5xxl-Q8_0.gguf', 'a text encoder', 'Q8_0', 'F16'],
    ['vae/ae.safetensors', 'an autoencoder', 'F32'],
  ]);
  expect(await importAll()).toEqual(found);
  const table = (await easel(folder, ['models', 'import', models])).stdout;
  expect(table).toMatch(/^flux1-dev-q4_0 +flux +Q4_0, F16, Q4_1 +unet\/flux1-dev-Q4_0.gguf$/m);

  const listed = (await easel(folder, ['models'])).stdout;
  expect(listed).toMatch(/^z_image_turbo .*available, by local-diffusion/m);
  const words = ['a red circle', '--model', zImage, '--size', '64', '--steps', '2', '--out', 'made.png'];
  expect(await easel(folder, ['generate', ...words])).toMatchObject({ status: 0 });
  const made = await sharp(readFileSync(join(folder, 'made.png'))).metadata();
  expect([made.width, made.height]).toEqual([64, 64]);
  expect(existsSync(join(folder, 'kept/catalogue/z_image_turbo.json'))).toBe(true);
});
