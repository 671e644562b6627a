import { mkdir, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { onePixelPng } from '../../fixtures/one-pixel-png.js';
import { openPage } from '../open-page.js';
import { violationsOf } from './axe.js';
import { shareEasel } from './easel-server.js';
import { finishedImage } from './finished-image.js';

const easel = shareEasel();

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
  await mkdir(join(folder, 'plugins'));
  const { page, problems } = await openPage(`${url}/kernel`);
  await page.locator('[data-plugin=local-diffusion]').waitFor();
  const code = `import { definePlugin } from '@easel/plugin-sdk';
import { z } from 'zod';
const [config, options] = [z.strictObject({}), z.looseObject({})];
const image = { bytes: Buffer.from('${Buffer.from(onePixelPng).toString('base64')}', 'base64'), mediaType: 'image/png', width: 1, height: 1 };
export default definePlugin({ config, options, start: async () => ({ generate: async () => ({ images: [image] }) }) });`;
  const drop = async (id: string, manifest: object) => {
    const made = join(folder, `made-${id}`);
    await mkdir(made);
    await writeFile(join(made, 'plugin.json'), JSON.stringify(manifest));
    await writeFile(join(made, 'index.js'), code);
    await rename(made, join(folder, 'plugins', id));
  };
  const manifest = { id: 'dropped', version: '1.2.3', sdk: '^0.1.0', entry: 'index.js' };
  await drop('dropped', { ...manifest, handles: [{ type: 'sd', priority: -1 }] });
  await drop('broken', { ...manifest, id: 'broken', handles: 'nothing' });
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
