import { cp, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { createImageServiceManager } from '@easel/core';
import sharp from 'sharp';
import { expect, it, onTestFinished } from 'vitest';

const golden = (relative: string) => fileURLToPath(new URL(`../golden/${relative}`, import.meta.url));

it('a LoRA in the prompt does what it does in the options', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'easel-lora-tags-'));
  onTestFinished(() => rm(folder, { recursive: true, maxRetries: 10 }));
  await mkdir(join(folder, 'catalogue'));
  await mkdir(join(folder, 'models/styles'), { recursive: true });
  const path = join(folder, 'models/styles/ink.safetensors');
  await cp(golden('g_lora/lora_kohya.safetensors'), path);
  const entry = {
    id: 'tiny',
    name: 'Tiny',
    pipelineType: 'sd',
    source: { type: 'folder', path: golden('d_pipelines/sd_pipeline') },
    defaults: { width: 64, height: 64, steps: 2 },
    supports: { minimumEdge: 32, maximumEdge: 128, edgeMultiple: 8, images: 1, seed: true },
  };
  await writeFile(join(folder, 'catalogue/tiny.json'), JSON.stringify(entry));
  await using manager = createImageServiceManager({
    environment: {},
    configuration: {
      catalogueFolders: [join(folder, 'catalogue')],
      pluginFolders: [],
      server: { modelFolders: [join(folder, 'models')] },
    },
  });
  const make = async (prompt: string, options = {}) => {
    const providerOptions = { 'local-diffusion': options };
    const { images, warnings } = await manager.generateImage({
      prompt,
      model: 'tiny',
      seed: 5,
      providerOptions,
    });
    return { pixels: await sharp(images[0]?.bytes).raw().toBuffer(), warnings };
  };
  const plain = await make('a cat on a mat');
  const asked = await make('a cat on a mat', { loras: [{ path, weight: 0.6 }] });
  const tagged = await make('a cat on a mat<lora:ink:0.6>');
  expect(asked.pixels.equals(plain.pixels)).toBe(false);
  expect(tagged.pixels.equals(asked.pixels)).toBe(true);
  expect(tagged.warnings).toEqual([]);
});
