import { cp, mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import sharp from 'sharp';
import { expect } from 'vitest';
import { createServeFolder } from '../chaos/fixtures/serve-command.js';
import { easel } from '../cli/easel.js';
import { readTensors } from '../reference/tensors.js';

const golden = (relative: string) =>
  fileURLToPath(new URL(`../golden/d_pipelines/${relative}`, import.meta.url));
const plugins = fileURLToPath(new URL('../../plugins', import.meta.url));

/** Pixels of each side of its images. */
export const edge = 64;

/** Case c0 of the reference: `StableDiffusionControlNetPipeline`. */
export const asked = {
  ...{ prompt: 'a photo of a cat', negative_prompt: 'blurry, low quality', seed: 171, steps: 5 },
  sampler: 'EulerDiscreteScheduler',
};
export const guidance = 6;

/** A folder to serve from, with the model `tiny` and ControlNets for it, for XL and for FLUX. */
export async function createControlledModel(): Promise<string> {
  const folder = await createServeFolder({
    pluginFolders: [plugins],
    catalogueFolders: ['catalogue'],
    currentModel: 'tiny',
    server: { modelFolders: ['models'] },
  });
  await cp(golden('sd_pipeline'), join(folder, 'model'), {
    recursive: true,
    filter: (path) => !/unet|controlnet/.test(path.slice(golden('sd_pipeline').length)),
  });
  await cp(golden('sd_pipeline/unet_small'), join(folder, 'model/unet'), { recursive: true });
  const nets = join(folder, 'models/controlnet');
  await mkdir(join(nets, 'edges/controlnet'), { recursive: true });
  const own = golden('sd_pipeline/controlnet');
  await cp(join(own, 'diffusion_pytorch_model.safetensors'), join(nets, 'edges.safetensors'));
  // Shapes this small do not tell the config.
  await cp(join(own, 'config.json'), join(nets, 'edges/controlnet/config.json'));
  const others = { xl: 'sdxl_variants/controlnet', flux: 'flux_variants/controlnet' };
  for (const [name, from] of Object.entries(others))
    await cp(golden(from), join(nets, name), { recursive: true });
  expect(await easel(folder, ['models', 'import', 'model', '--id', 'tiny'])).toMatchObject({ status: 0 });
  return folder;
}

/** What the image of the reference follows, as a PNG, and how to compare one with it. */
export async function readControlReference() {
  const reference = await readTensors(golden('sd_pipeline_expected/expected.safetensors'));
  const expected = Array.from(reference.get('c0.image_u8')!.data, Number);
  const followed = Buffer.from(Array.from(reference.get('c0.init_image_u8')!.data, Number));
  const image = await sharp(followed, { raw: { width: edge, height: edge, channels: 3 } })
    .png()
    .toBuffer();
  const expectReference = async (made: Uint8Array): Promise<void> => {
    const pixels = await sharp(made).removeAlpha().raw().toBuffer();
    expect(pixels).toHaveLength(3 * edge ** 2);
    const off = pixels.map((value, index) => Math.abs(value - expected[index]!));
    expect(Math.max(...off)).toBeLessThanOrEqual(1);
  };
  return { image, expectReference };
}
