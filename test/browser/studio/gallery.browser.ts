import sharp from 'sharp';
import { beforeAll, expect, it } from 'vitest';
import { jsonOf } from '../../http/server.js';
import { openPage } from '../open-page.js';
import { violationsOf } from './axe.js';
import { download } from './download.js';
import { type EaselServer, shareEasel } from './easel-server.js';
import { finishedImage } from './finished-image.js';

const prompts = ['a red boat at sea', 'a blue moon', 'a green tree in a meadow'] as const;

const easel = shareEasel();
beforeAll(async () => {
  const server = easel();
  for (const prompt of prompts) {
    const made = await fetch(`${server.url}/api/images/generate`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ prompt, seed: 7, steps: 4 }),
    });
    expect(made.status).toBe(200);
  }
});
const totalOf = async ({ url }: EaselServer) =>
  (await jsonOf<{ total: number }>(await fetch(`${url}/api/images/gallery`))).total;

it('shows what was made, the newest first; finds, stars, deletes, and has back, by keys alone', async () => {
  const server = easel();
  const { page, problems, hosts } = await openPage(`${server.url}/gallery`);
  const tiles = page.locator('.tile a');
  const labels = () => tiles.evaluateAll((all) => all.map((one) => one.getAttribute('aria-label')));
  await expect.poll(labels).toEqual(prompts.toReversed().map((prompt) => `Image: ${prompt}`));

  await tiles.first().focus();
  await page.keyboard.press('ArrowRight');
  await expect
    .poll(() => page.locator('.tile a:focus').getAttribute('aria-label'))
    .toBe('Image: a blue moon');
  await page.keyboard.press('s');
  await page.getByRole('link', { name: 'Starred image: a blue moon' }).waitFor();

  await page.keyboard.press('Delete');
  await page.getByText('1 image deleted.').waitFor();
  await expect.poll(labels).toEqual(['Image: a green tree in a meadow', 'Image: a red boat at sea']);
  await expect.poll(() => totalOf(server)).toBe(2);
  await expect.poll(() => page.locator('.tile a:focus').count()).toBe(1);
  await page.keyboard.press('z');
  await page.getByRole('link', { name: 'Starred image: a blue moon' }).waitFor();
  await expect.poll(() => totalOf(server)).toBe(3);

  await page.getByRole('button', { name: 'Starred' }).click();
  await expect.poll(labels).toEqual(['Starred image: a blue moon']);
  await page.getByRole('button', { name: 'Starred' }).click();
  await page.getByRole('searchbox').fill('boat');
  await expect.poll(labels).toEqual(['Image: a red boat at sea']);
  await page.getByLabel('Provider').selectOption('local-diffusion');
  await expect.poll(() => new URL(page.url()).search).toBe('?q=boat&provider=local-diffusion');
  await page.reload();
  await expect.poll(labels).toEqual(['Image: a red boat at sea']);
  await page.getByLabel('Provider').selectOption('gemini');
  await page.getByRole('button', { name: 'Show all images' }).click();
  await expect.poll(() => tiles.count()).toBe(3);
  expect(problems).toEqual([]);
  expect([...hosts]).toEqual([new URL(server.url).host]);
});

it('selects several by keys and clicks: compares two, stars and deletes them, and has them back', async () => {
  const server = easel();
  const { page, problems } = await openPage(`${server.url}/gallery`);
  const tiles = page.locator('.tile a');
  await expect.poll(() => tiles.count()).toBe(3);
  await tiles.first().focus();
  await page.keyboard.press('Space');
  await page.getByText('1 image selected').waitFor();
  await page.getByRole('link', { name: 'Image: a blue moon' }).click();
  await page.getByText('2 images selected').waitFor();
  expect(await violationsOf(page)).toEqual([]);
  await page.getByRole('button', { name: 'Star', exact: true }).click();
  await expect.poll(() => page.locator('.tile-star').count()).toBe(2);
  await page.getByRole('button', { name: 'Compare' }).click();
  const slider = page.getByRole('slider', { name: 'Share of the first image' });
  await slider.focus();
  await page.keyboard.press('Home');
  const clip = page.locator('.compare-well img').last();
  await expect.poll(() => clip.evaluate((image) => image.style.clipPath)).toContain(' 0%');
  await page.getByText('Difference').click();
  await expect.poll(() => clip.evaluate((image) => image.style.clipPath)).toBe('');
  expect(await violationsOf(page)).toEqual([]);
  await page.reload();
  await page.getByText('Side by side').click();
  await page.goBack();
  await page.getByRole('button', { name: 'Select', exact: true }).click();
  for (const name of [/a red boat/, /a blue moon/]) await page.getByRole('link', { name }).click();
  await page.getByRole('button', { name: 'Delete' }).click();
  await page.getByText('2 images deleted.').waitFor();
  await expect.poll(() => totalOf(server)).toBe(1);
  await page.getByRole('button', { name: 'Undo' }).click();
  await expect.poll(() => totalOf(server)).toBe(3);
  expect(problems).toEqual([]);
});

it('downloads an image with what it tells, or without', async () => {
  const server = easel();
  const { page } = await openPage(`${server.url}/gallery`);
  await page.getByRole('link', { name: 'Image: a blue moon' }).click();
  const [whole, bare] = [await download(page, 'Download'), await download(page, 'Without metadata')];
  expect([whole, bare].map((file) => file.includes('a blue moon'))).toEqual([true, false]);
  expect(await sharp(bare).raw().toBuffer()).toEqual(await sharp(whole).raw().toBuffer());
});

// The last one: it adds an image.
it('tells how an image was made, and makes it again', async () => {
  const server = easel();
  const { page, problems } = await openPage(`${server.url}/gallery`);
  await page.getByRole('link', { name: 'Image: a blue moon' }).click();
  await page.getByText('local-diffusion was asked for picturebook').waitFor();
  expect(await page.locator('.facts').innerText()).toMatch(/Seed\s+7\s+Steps\s+4/);
  const address = page.url();
  await page.keyboard.press('ArrowRight');
  await page.locator('.image-prompt', { hasText: 'a red boat at sea' }).waitFor();
  await page.goBack();
  await page.goto(address);
  await page.getByRole('button', { name: 'Again' }).click();
  await expect.poll(() => page.getByLabel('Prompt').inputValue()).toBe('a blue moon');
  expect(await page.getByLabel('Seed', { exact: true }).inputValue()).toBe('7');
  await page.getByRole('button', { name: 'Make 1 image' }).click();
  await finishedImage(page);
  await expect.poll(() => page.locator('.status-text').innerText()).toContain('Seed 7');
  expect(problems).toEqual([]);
});
