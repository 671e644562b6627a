/**
 * Takes the screenshots of the documentation: each page of the Studio in both themes and at the width of a
 * phone, of a server that has made a few images. `npm run screenshots`; another browser by `CHROMIUM`.
 *
 * @module
 */
import { mkdir, readdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { chromium, type Page } from 'playwright-core';
import sharp from 'sharp';
import { expect, it, onTestFinished } from 'vitest';
import { type EaselServer, startEasel } from '../browser/studio/easel-server.js';

const target = fileURLToPath(new URL('../../docs/studio/', import.meta.url));
const executablePath = process.env.CHROMIUM ?? '/usr/bin/chromium';
const mostBytes = 1_500_000;

const prompts = [
  'a red boat at sea',
  'a yellow star at night',
  'a green tree in a meadow',
  'a blue moon',
  'a house at sunset',
  'a red heart',
  'a white boat at sea',
  'a green fish',
  'a sun above a house',
  'a blue diamond',
  'a yellow circle and a star',
  'a house and a tree',
] as const;

const views = [
  { name: 'dark', colorScheme: 'dark', viewport: { width: 1440, height: 900 } },
  { name: 'light', colorScheme: 'light', viewport: { width: 1440, height: 900 } },
  { name: 'phone', colorScheme: 'dark', viewport: { width: 390, height: 844 } },
] as const;

const pages = [
  { name: 'make', path: 'make?p=a+house+and+a+tree&s=7', wait: '.frame[data-state=finished]' },
  { name: 'grid', path: '', wait: 'td .frame[data-state=finished]' },
  { name: 'gallery', path: 'gallery', wait: '.tile img' },
  { name: 'kernel', path: 'kernel', wait: '.plugins' },
  { name: 'models', path: 'models', wait: '.plugins' },
] as const;

/** Of the images in sight; those outside of it may never be. */
const allLoaded = `[...document.images].every((image) => {
  const { top, left } = image.getBoundingClientRect();
  return image.complete || top > innerHeight || left > innerWidth;
})`;

async function post(server: EaselServer, path: string, body: object): Promise<{ id?: string }> {
  const response = await fetch(server.url + path, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
  expect(response.ok).toBe(true);
  return (await response.json()) as { id?: string };
}

async function ended(server: EaselServer, id: string | undefined): Promise<string> {
  const state = async () =>
    ((await (await fetch(`${server.url}/api/images/jobs/${id}`)).json()) as { state: string }).state;
  await expect.poll(state, { timeout: 240_000 }).toBe('succeeded');
  return id ?? '';
}

/** Makes what the pages show; answers the ids of the job that is a grid, and of the last one. */
async function makeImages(server: EaselServer): Promise<{ grid: string; last: string }> {
  const grid = await post(server, '/api/images/jobs', {
    prompt: 'a red boat at sea',
    seed: 7,
    steps: 12,
    grid: {
      x: { parameter: 'seed', values: [7, 8, 9, 10] },
      y: { parameter: 'prompt', values: ['a red boat at sea', 'a blue moon', 'a green tree in a meadow'] },
    },
  });
  const ids = [];
  for (const prompt of prompts) {
    const { id } = await post(server, '/api/images/jobs', { prompt, seed: 7 });
    ids.push(await ended(server, id));
  }
  return { grid: await ended(server, grid.id), last: ids.at(-1) ?? '' };
}

async function save(page: Page, name: string): Promise<void> {
  const png = await page.screenshot({ animations: 'disabled' });
  await sharp(png)
    .webp({ quality: 82, effort: 6 })
    .toFile(join(target, `${name}.webp`));
}

it('takes the screenshots of the documentation', async () => {
  const server = await startEasel();
  const { grid, last } = await makeImages(server);
  await rm(target, { recursive: true, force: true, maxRetries: 10 });
  await mkdir(target, { recursive: true });
  const browser = await chromium.launch({ executablePath, args: ['--no-sandbox'] });
  onTestFinished(() => browser.close());
  for (const { name: view, ...options } of views) {
    const context = await browser.newContext({ locale: 'en-GB', ...options });
    const page = await context.newPage();
    for (const { name, path, wait } of pages) {
      const hash =
        name === 'grid'
          ? `make?p=a+red+boat+at+sea&x=seed&xv=7,8,9,10&y=prompt&yv=a+red+boat+at+sea;a+blue+moon;a+green+tree+in+a+meadow#job=${grid}`
          : path;
      await page.goto('about:blank');
      await page.goto(`${server.url}/${name === 'make' ? `${path}#job=${last}` : hash}`);
      await page.locator(wait).first().waitFor();
      if (name === 'grid')
        await expect.poll(() => page.locator('td .frame[data-state=finished]').count()).toBe(12);
      await expect.poll(() => page.evaluate(allLoaded), { timeout: 30_000 }).toBe(true);
      await save(page, `${name}-${view}`);
    }
    await page.goto(`${server.url}/gallery`);
    await page.getByRole('link', { name: 'Image: a house and a tree' }).click();
    await page.getByText('How it was made').waitFor();
    await page.evaluate(`document.querySelector('.image-well img').decode()`);
    await save(page, `image-${view}`);
    await context.close();
  }
  const sizes = await Promise.all(
    (await readdir(target)).map(async (name) => (await stat(join(target, name))).size),
  );
  expect(sizes.reduce((sum, size) => sum + size, 0)).toBeLessThan(mostBytes);
});
