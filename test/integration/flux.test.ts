import { cp, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { createImageServiceManager } from '@easel/core';
import sharp from 'sharp';
import { expect, it, onTestFinished } from 'vitest';
import { readTensors } from '../reference/tensors.js';

const golden = (relative: string) => fileURLToPath(new URL(`../golden/${relative}`, import.meta.url));

/** The image that diffusers made with the prompt and the seed below. */
async function expectReferenceImage(source: object): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'easel-flux-'));
  onTestFinished(() => rm(folder, { recursive: true, maxRetries: 10 }));
  await mkdir(join(folder, 'catalogue'));
  const entry = {
    id: 'tiny-flux',
    name: 'Tiny FLUX',
    pipelineType: 'flux',
    source,
    defaults: { width: 64, height: 64, steps: 4, guidanceScale: 3.5 },
    supports: { minimumEdge: 32, maximumEdge: 128, edgeMultiple: 16, images: 2, seed: true, steps: true },
  };
  await writeFile(join(folder, 'catalogue/tiny-flux.json'), JSON.stringify(entry));
  await using manager = createImageServiceManager({
    environment: {},
    configuration: { catalogueFolders: [join(folder, 'catalogue')], pluginFolders: [] },
  });
  const { images, warnings } = await manager.generateImage({
    model: 'tiny-flux',
    prompt: 'a photo of a cat',
    seed: 6000,
    providerOptions: { 'local-diffusion': { textTokens: 32 } },
  });
  expect(warnings).toEqual([]);
  const pixels = await sharp(images[0]?.bytes).raw().toBuffer();
  const expected = await readTensors(golden('d_pipelines/flux_pipeline_expected/expected.safetensors'));
  const wanted = expected.get('t0.image_u8')!.data;
  expect(pixels).toHaveLength(64 * 64 * 3);
  expect(
    Math.max(...pixels.map((value, index) => Math.abs(value - Number(wanted[index])))),
  ).toBeLessThanOrEqual(1);
}

it('a FLUX folder makes the image that diffusers makes of the same prompt and seed', async () => {
  await expectReferenceImage({ type: 'folder', path: golden('d_pipelines/flux_pipeline') });
});

it('a FLUX transformer in ComfyUI’s folders makes the same image', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'easel-comfy-'));
  onTestFinished(() => rm(folder, { recursive: true, maxRetries: 10 }));
  const place = (file: string, into: string) =>
    cp(golden(`f_single_file/flux/${file}`), join(folder, into, file), { recursive: true });
  await place('flux1-dev.safetensors', 'diffusion_models');
  await place('clip_l.safetensors', 'text_encoders');
  await place('t5xxl_fp16.safetensors', 'text_encoders');
  await place('ae.safetensors', 'vae');
  const tokenizer = golden('d_pipelines/flux_pipeline/tokenizer_2');
  await cp(tokenizer, join(folder, 'text_encoders/t5xxl_fp16'), { recursive: true });
  // Shapes this small do not tell the rest of the configs.
  for (const part of ['transformer', 'text_encoder', 'text_encoder_2', 'vae', 'scheduler', 'tokenizer']) {
    await cp(golden(`d_pipelines/flux_pipeline/${part}`), join(folder, 'diffusion_models/flux1-dev', part), {
      recursive: true,
      filter: (path) => !path.endsWith('.safetensors'),
    });
  }
  await expectReferenceImage({ type: 'file', path: join(folder, 'diffusion_models/flux1-dev.safetensors') });
});
