import { expect, it } from 'vitest';
import { jsonOf } from '../../http/server.js';
import { openPage } from '../open-page.js';
import { shareEasel } from './easel-server.js';
import { finishedImage } from './finished-image.js';
import { pressTo } from './press-to.js';

const easel = shareEasel();
const pluginIn = async (url: string, id: string) => {
  const { plugins } = await jsonOf<{ plugins: { id: string; state: string }[] }>(
    await fetch(`${url}/api/health/images`),
  );
  return plugins.find((plugin) => plugin.id === id);
};

it('leads by keys alone from the first image through all pages and back', async () => {
  const { url } = easel();
  const { page, problems } = await openPage(`${url}/make?p=`);
  const { keyboard } = page;
  await page.getByLabel('Prompt').waitFor();
  await pressTo(page, 'Skip');
  await keyboard.press('Enter');
  await keyboard.type('a green fish');
  await keyboard.press('Control+Enter');
  await finishedImage(page);

  await pressTo(page, 'Gallery');
  await keyboard.press('Enter');
  const tile = page.getByRole('link', { name: 'Image: a green fish', exact: true });
  await tile.waitFor();
  await pressTo(page, 'Image: a green fish');
  await keyboard.press('s');
  await page.getByRole('link', { name: 'Starred image: a green fish' }).waitFor();
  await keyboard.press('Enter');
  await page.getByText('How it was made').waitFor();
  await keyboard.press('Escape');
  await page.getByRole('searchbox').waitFor();

  await pressTo(page, 'Kernel');
  await keyboard.press('Enter');
  await page.getByRole('heading', { name: 'Gemini' }).waitFor();
  await pressTo(page, 'Gemini');
  // The page is slow to know what became of the first press when the second one comes.
  await page.route('**/api/health/images', async (route) => {
    const answer = await route.fetch();
    await new Promise((later) => setTimeout(later, 300));
    await route.fulfill({ response: answer });
  });
  await keyboard.press('Space');
  await expect.poll(async () => (await pluginIn(url, 'gemini'))?.state).toBe('disabled');
  await keyboard.press('Space');
  await expect.poll(async () => (await pluginIn(url, 'gemini'))?.state).not.toBe('disabled');
  await page.unrouteAll({ behavior: 'ignoreErrors' });

  await pressTo(page, 'Models');
  await keyboard.press('Enter');
  await page.getByRole('button', { name: 'Use Picture book' }).waitFor();
  await pressTo(page, 'Use Picture book');
  await keyboard.press('Enter');
  await page.getByLabel('Prompt').waitFor();
  expect(new URL(page.url()).searchParams.get('m')).toBe('picturebook');
  expect(problems).toEqual([]);
});

it('is worked by keys alone: make, cancel, and set the sliders', async () => {
  const { url } = easel();
  const { page } = await openPage(`${url}/make?p=`);
  await page.getByLabel('Prompt').waitFor();
  await pressTo(page, 'Skip');
  await page.keyboard.press('Enter');
  await page.keyboard.type('a red boat');
  await pressTo(page, 'Images');
  await page.keyboard.press('End');
  await page.getByRole('button', { name: 'Make 8 images' }).waitFor();
  await pressTo(page, 'random');
  await page.keyboard.press('Control+Enter');
  // A page that is asked without a pause has none to draw in, on a busy machine.
  await expect
    .poll(() => page.locator('.status-text').innerText(), { timeout: 60_000, interval: 250 })
    .toMatch(/^step \d+ of 160$/);
  await page.keyboard.press('Escape');
  await page.locator('.stage-empty', { hasText: 'Cancelled' }).waitFor();
  const { jobs } = await jsonOf<{ jobs: object[] }>(await fetch(`${url}/api/images/jobs`));
  expect(jobs[0]).toMatchObject({ state: 'cancelled', request: { prompt: 'a red boat', n: 8 } });
});
