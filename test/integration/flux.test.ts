import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { createImageServiceManager } from '@easel/core';
import sharp from 'sharp';
import { expect, it, onTestFinished } from 'vitest';
import { readTensors } from '../reference/tensors.js';

const golden = (relative: string) => fileURLToPath(new URL(`../golden/${relative}`, import.meta.url));

it('a FLUX folder makes the image that diffusers makes of the same prompt and seed', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'easel-flux-'));
  onTestFinished(() => rm(folder, { recursive: true }));
  await mkdir(join(folder, 'catalogue'));
  const entry = {
    id: 'tiny-flux',
    name: 'Tiny FLUX',
    pipelineType: 'flux',
    source: { type: 'folder', path: golden('d_pipelines/flux_pipeline') },
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
});
