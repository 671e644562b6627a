import sharp from 'sharp';
import { expect, it } from 'vitest';
import { openPage } from '../open-page.js';
import { violationsOf } from './axe.js';
import { download } from './download.js';
import { startEasel } from './easel-server.js';

it('makes a grid of 3 x 3 as one job, shows it with its values, and has it as one image', async () => {
  const { url } = await startEasel();
  const { page, problems } = await openPage(`${url}/make?p=a+red+boat&steps=2`);
  await page.getByText('Grid', { exact: true }).click();
  await page.getByLabel('Columns', { exact: true }).selectOption('Seed');
  await page.getByLabel('Values: columns').fill('1, 2, 3');
  await page.getByLabel('Rows', { exact: true }).selectOption('Prompt');
  await page.getByLabel('Values: rows').fill('a red boat; a blue moon; a green tree');
  expect(await violationsOf(page)).toEqual([]);
  await page.getByRole('button', { name: 'Make 9 images' }).click();
  const table = page.getByRole('table');
  await table.waitFor();
  await page.getByRole('link', { name: 'Download the grid' }).waitFor();
  await expect.poll(() => table.locator('.frame[data-state=finished]').count()).toBe(9);
  const heads = (scope: string) => table.locator(`th[scope=${scope}]`).allInnerTexts();
  expect(await heads('col')).toEqual(['1', '2', '3']);
  expect(await heads('row')).toEqual(['a red boat', 'a blue moon', 'a green tree']);
  expect(await violationsOf(page)).toEqual([]);

  const { width, height } = await sharp(await download(page, 'Download the grid')).metadata();
  expect(width).toBeGreaterThan(3 * 96);
  expect(height).toBeGreaterThan(3 * 96);
  // The address has the grid; a refresh shows it again.
  await page.reload();
  await page.getByRole('button', { name: 'Make 9 images' }).waitFor();
  await expect.poll(() => page.getByRole('table').locator('.frame[data-state=finished]').count()).toBe(9);
  expect(problems).toEqual([]);
});
