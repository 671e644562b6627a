import { cp, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { createImageServiceManager } from '@easel/core';
import sharp from 'sharp';
import { expect, it, onTestFinished } from 'vitest';

const golden = (relative: string) => fileURLToPath(new URL(`../golden/${relative}`, import.meta.url));

it('a checkpoint in one file makes the pictures of the folder that it was made of', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'easel-single-file-'));
  onTestFinished(() => rm(folder, { recursive: true, maxRetries: 10 }));
  await mkdir(join(folder, 'catalogue'));
  await cp(golden('f_single_file/sd15_single.safetensors'), join(folder, 'tiny.safetensors'));
  // The configs of a model of no published size lie beside it, under its name.
  await cp(golden('d_pipelines/sd_pipeline'), join(folder, 'tiny'), {
    recursive: true,
    filter: (path) => !path.endsWith('.safetensors'),
  });
  for (const [id, source] of [
    ['tiny-file', { type: 'file', path: '../tiny.safetensors' }],
    ['tiny-folder', { type: 'folder', path: golden('d_pipelines/sd_pipeline') }],
  ] as const) {
    const supports = {
      minimumEdge: 32,
      maximumEdge: 128,
      edgeMultiple: 8,
      images: 1,
      seed: true,
      steps: true,
    };
    const defaults = { width: 64, height: 64, steps: 4 };
    const entry = { id, name: id, pipelineType: 'sd', source, defaults, supports };
    await writeFile(join(folder, `catalogue/${id}.json`), JSON.stringify(entry));
  }
  await using manager = createImageServiceManager({
    environment: {},
    configuration: { catalogueFolders: [join(folder, 'catalogue')], pluginFolders: [] },
  });
  const pixelsOf = async (model: string) => {
    const { images } = await manager.generateImage({ prompt: 'a cat on a mat', model, seed: 5 });
    return await sharp(images[0]?.bytes).raw().toBuffer();
  };
  const [one, other] = [await pixelsOf('tiny-file'), await pixelsOf('tiny-folder')];
  expect(one.byteLength).toBe(64 * 64 * 3);
  expect(one.equals(other)).toBe(true);
});
