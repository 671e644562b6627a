import { mkdir, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { onePixelPng } from '../../fixtures/one-pixel-png.js';
import { openPage } from '../open-page.js';
import { violationsOf } from './axe.js';
import { shareEasel } from './easel-server.js';
import { finishedImage } from './finished-image.js';

const easel = shareEasel();

const code = `import { definePlugin } from '@easel/plugin-sdk';
import { z } from 'zod';
const [config, options] = [z.strictObject({}), z.looseObject({})];
const image = { bytes: Buffer.from('${Buffer.from(onePixelPng).toString('base64')}', 'base64'), mediaType: 'image/png', width: 1, height: 1 };
export default definePlugin({ config, options, start: async () => ({ generate: async () => ({ images: [image] }) }) });`;
const manifest = { id: 'dropped', version: '1.2.3', sdk: '^0.1.0', entry: 'index.js' };

/** Puts a plugin that makes images of one pixel into the folder of plugins, whole. */
async function drop(folder: string, about: { readonly id: string; readonly [field: string]: unknown }) {
  const made = join(folder, `made-${about.id}`);
  await mkdir(made);
  await writeFile(join(made, 'plugin.json'), JSON.stringify(about));
  await writeFile(join(made, 'index.js'), code);
  await mkdir(join(folder, 'plugins'), { recursive: true });
  await rename(made, join(folder, 'plugins', about.id));
}

it('says where a request goes, and tells what happens, with a pause', async () => {
  const { url } = easel();
  const { page, problems } = await openPage(`${url}/kernel`);
  const route = page.getByRole('region', { name: 'Where a request goes' });
  await route.getByText('It goes to local-diffusion.').waitFor();
  const tail = page.getByRole('region', { name: 'What happens' });
  const make = () =>
    fetch(`${url}/api/images/generate`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ prompt: 'a red boat', steps: 2 }),
    });
  expect((await make()).status).toBe(200);
  expect((await make()).status).toBe(200);
  const attempts = () => tail.getByText('attempt-ended').count();
  await expect.poll(attempts).toBe(2);
  await page.getByRole('img', { name: /Times of the last 2 calls/ }).waitFor();
  await tail.getByRole('button', { name: 'Pause' }).click();
  expect((await make()).status).toBe(200);
  await page.getByRole('img', { name: /Times of the last 3 calls/ }).waitFor();
  expect(await attempts()).toBe(2);
  await tail.getByRole('button', { name: 'Go on' }).click();
  await expect.poll(attempts).toBe(3);
  const isOn = page.getByRole('switch', { name: 'Local diffusion' });
  await isOn.click();
  await route.getByText(/It goes nowhere|last resort/).waitFor();
  expect(await violationsOf(page)).toEqual([]);
  await isOn.click();
  await route.getByText('It goes to local-diffusion.').waitFor();
  expect(problems).toEqual([]);
});

it('switches a plugin off and on, which the page Make knows at once', async () => {
  const { url } = easel();
  const { page, problems } = await openPage(`${url}/make?p=a+red+boat&steps=2`);
  await page.getByRole('link', { name: 'Kernel' }).click();
  const row = page.locator('[data-plugin=local-diffusion]');
  const isOn = row.getByRole('switch', { name: 'Local diffusion' });
  await isOn.click();
  await row.getByText(/^disabled · \d+ models/).waitFor();
  await page.getByRole('link', { name: 'Make' }).click();
  await page.getByText('No model can be used yet.').waitFor();
  expect(await page.getByRole('button', { name: 'Make 1 image' }).isDisabled()).toBe(true);
  await page.getByRole('link', { name: 'Kernel' }).click();
  await isOn.click();
  await row.getByText(/^disabled/).waitFor({ state: 'detached' });
  await page.getByRole('link', { name: 'Make' }).click();
  await page.getByRole('button', { name: 'Make 1 image' }).click();
  await finishedImage(page);
  expect(problems).toEqual([]);
});

it('shows a plugin that is dropped in, which makes the images where another one is off; and what is wrong with one', async () => {
  const { url, folder } = easel();
  const { page, problems } = await openPage(`${url}/kernel`);
  await page.locator('[data-plugin=local-diffusion]').waitFor();
  await drop(folder, { ...manifest, handles: [{ type: 'sd', priority: -1 }] });
  await drop(folder, { ...manifest, id: 'broken', handles: 'nothing' });
  await page.locator('[data-plugin=dropped]', { hasText: '1.2.3' }).waitFor();
  await page.locator('.problems', { hasText: 'handles' }).waitFor();
  expect(await page.locator('.problems').innerText()).toContain('ERR_MANIFEST_INVALID');
  await page.getByRole('switch', { name: 'Local diffusion' }).click();
  await page.getByText('It goes to dropped.').waitFor();
  await page.getByRole('link', { name: 'Make' }).click();
  await page.getByRole('button', { name: 'Make 1 image' }).click();
  await finishedImage(page);
  expect(await page.locator('.status-text').innerText()).toMatch(/ · dropped$/);
  expect(problems).toEqual([]);
});

/** Turns what follows it around, for whoever does not keep names apart. */
const override = '\u202e';
const markup = '<img src="x" onerror="document.title = 1">';
const names = {
  plugin: `${markup} ${override}name`,
  model: `${override}${markup} שלום 🎨 ${'long'.repeat(75)}`,
  prompt: `__proto__ null ${markup} مرحبا 🎨 ${override}${'unbroken'.repeat(60)}`,
};

it('shows names and prompts as they are written, whatever they are, and keeps them to their places', async () => {
  const { url, folder } = easel();
  await drop(folder, { ...manifest, id: 'constructor', name: names.plugin, handles: [{ type: 'odd' }] });
  await mkdir(join(folder, 'models', 'catalogue'), { recursive: true });
  const edge = { minimumEdge: 8, maximumEdge: 64, edgeMultiple: 8, images: 1 };
  const model = {
    ...{ id: 'null', name: names.model, pipelineType: 'odd', source: { type: 'provider', id: 'one' } },
    ...{ defaults: { width: 8, height: 8 }, supports: edge },
  };
  await writeFile(join(folder, 'models', 'catalogue', 'null.json'), JSON.stringify(model));
  const { page, problems } = await openPage(`${url}/kernel`, { viewport: { width: 390, height: 844 } });
  const isInPlace = async () => {
    expect(await page.locator('img[src=x]').count()).toBe(0);
    expect(await page.title()).toMatch(/ · Easel$/);
    expect(await page.evaluate('document.documentElement.scrollWidth - innerWidth')).toBeLessThanOrEqual(0);
  };
  const row = page.locator('[data-plugin=constructor]');
  await row.getByText(names.plugin).waitFor();
  // The version stands behind the name.
  const [name, version] = [row.locator('h2 bdi'), row.locator('h2 .fine')];
  const [before, behind] = [await name.boundingBox(), await version.boundingBox()];
  expect(behind && before && (behind.x >= before.x + before.width - 1 || behind.y > before.y)).toBe(true);
  await isInPlace();

  await page.goto(`${url}/models`);
  await page.locator('.model h3', { hasText: names.model }).waitFor();
  await isInPlace();
  const made = await fetch(`${url}/api/images/jobs`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ prompt: names.prompt, model: 'null' }),
  });
  expect(made.status).toBe(202);
  await page.goto(`${url}/make?m=null`);
  await page
    .locator('.strip')
    .getByRole('button', { name: `Image: ${names.prompt}` })
    .click();
  await finishedImage(page);
  await isInPlace();
  await page.goto(`${url}/gallery?model=null`);
  await page.getByRole('link', { name: `Image: ${names.prompt}` }).click();
  expect(await page.locator('.image-prompt').textContent()).toBe(names.prompt);
  await isInPlace();

  // A list that is refused says why, and how to get one.
  await page.goto(`${url}/gallery?model=${'long'.repeat(75)}`);
  await page.getByText('The images cannot be listed').waitFor();
  await page.locator('.error-card', { hasText: '200 characters' }).waitFor();
  await isInPlace();
  expect(await violationsOf(page)).toEqual([]);
  await page.getByRole('button', { name: 'Show all images' }).click();
  await page.getByRole('link', { name: `Image: ${names.prompt}` }).waitFor();
  expect(problems.filter((problem) => !problem.includes('400'))).toEqual([]);
});
