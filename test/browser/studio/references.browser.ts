import { mkdir, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import sharp from 'sharp';
import { expect, it } from 'vitest';
import { jsonOf } from '../../http/server.js';
import { openPage } from '../open-page.js';
import { violationsOf } from './axe.js';
import { shareEasel } from './easel-server.js';
import { finishedImage } from './finished-image.js';

const easel = shareEasel();

const code = `import { definePlugin } from '@easel/plugin-sdk';
import { z } from 'zod';
const [config, options] = [z.strictObject({}), z.strictObject({})];
const generate = async ({ inputImages, width, height, strength }) => {
  if (inputImages.length !== 2 || strength !== undefined) throw new Error('It was given other things.');
  return { images: [{ ...inputImages[1], width, height }] };
};
export default definePlugin({ config, options, start: async () => ({ generate }) });`;

/** A plugin that answers the second of two images that it is given, and a model that takes three. */
async function dropPlugin(folder: string): Promise<void> {
  const supports = { minimumEdge: 8, maximumEdge: 64, edgeMultiple: 8, images: 1, inputImages: 3 };
  const model = {
    ...{ id: 'second', name: 'The second', pipelineType: 'pick', source: { type: 'provider', id: 'one' } },
    ...{ defaults: { width: 64, height: 64 }, supports: { ...supports, strength: false } },
  };
  await mkdir(join(folder, 'models', 'catalogue'), { recursive: true });
  await writeFile(join(folder, 'models', 'catalogue', 'second.json'), JSON.stringify(model));
  const manifest = { id: 'picker', version: '1.0.0', sdk: '^0.1.0', entry: 'index.js' };
  const made = join(folder, 'made-picker');
  await mkdir(made);
  await writeFile(join(made, 'plugin.json'), JSON.stringify({ ...manifest, handles: [{ type: 'pick' }] }));
  await writeFile(join(made, 'index.js'), code);
  await mkdir(join(folder, 'plugins'), { recursive: true });
  await rename(made, join(folder, 'plugins', 'picker'));
}

const squareOf = async (background: string) => ({
  ...{ name: `${background}.png`, mimeType: 'image/png' },
  buffer: await sharp({ create: { width: 64, height: 64, channels: 3, background } })
    .png()
    .toBuffer(),
});

it('gives a model all images that it takes, in their order, and no control that it has not', async () => {
  const { url, folder } = easel();
  await dropPlugin(folder);
  const { page, problems } = await openPage(`${url}/kernel`);
  await page.locator('[data-plugin=picker]').waitFor();
  await page.goto(`${url}/make?m=second&p=both+of+them&strength=0.4`);
  const chooser = page.locator('input[type=file][accept="image/*"]');
  await chooser.setInputFiles([await squareOf('red'), await squareOf('lime'), await squareOf('blue')]);
  await page.getByRole('img', { name: 'Input image 3' }).waitFor();
  expect(await page.getByRole('slider', { name: 'Strength' }).count()).toBe(0);
  expect(await violationsOf(page)).toEqual([]);
  await page.getByRole('button', { name: 'Remove input image 1' }).click();
  await page.getByRole('img', { name: 'Input image 3' }).waitFor({ state: 'detached' });
  await page.reload();
  await page.getByRole('img', { name: 'Input image 2' }).waitFor();
  await page.getByRole('button', { name: 'Make 1 image' }).click();
  await finishedImage(page);
  const { images } = await jsonOf<{ images: { name: string }[] }>(await fetch(`${url}/api/images/gallery`));
  const made = await fetch(`${url}/api/images/results/${images[0]?.name}`);
  const { channels } = await sharp(await made.arrayBuffer()).stats();
  // The third came second.
  expect(channels.slice(0, 3).map(({ mean }) => mean)).toEqual([0, 0, 255]);
  expect(problems).toEqual([]);
});
