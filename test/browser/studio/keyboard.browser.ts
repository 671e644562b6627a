import { expect, it } from 'vitest';
import { jsonOf } from '../../http/server.js';
import { openPage } from '../open-page.js';
import { startEasel } from './easel-server.js';
import { pressTo } from './press-to.js';

const pluginIn = async (url: string, id: string) => {
  const { plugins } = await jsonOf<{ plugins: { id: string; state: string }[] }>(
    await fetch(`${url}/api/health/images`),
  );
  return plugins.find((plugin) => plugin.id === id);
};

it('leads by keys alone from the first image through all pages and back', async () => {
  const { url } = await startEasel();
  const { page, problems } = await openPage(`${url}/make?p=`);
  const { keyboard } = page;
  await page.getByLabel('Prompt').waitFor();
  await pressTo(page, 'Skip');
  await keyboard.press('Enter');
  await keyboard.type('a green fish');
  await keyboard.press('Control+Enter');
  await page.locator('.frame[data-state=finished]').waitFor();

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
  await keyboard.press('Space');
  await expect.poll(async () => (await pluginIn(url, 'gemini'))?.state).toBe('disabled');
  await keyboard.press('Space');
  await expect.poll(async () => (await pluginIn(url, 'gemini'))?.state).not.toBe('disabled');

  await pressTo(page, 'Models');
  await keyboard.press('Enter');
  await page.getByRole('button', { name: 'Use Picture book' }).waitFor();
  await pressTo(page, 'Use Picture book');
  await keyboard.press('Enter');
  await page.getByLabel('Prompt').waitFor();
  expect(new URL(page.url()).searchParams.get('m')).toBe('picturebook');
  expect(problems).toEqual([]);
});
