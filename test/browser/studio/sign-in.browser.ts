import { join } from 'node:path';
import { expect, it } from 'vitest';
import { createKey } from '../../http/server.js';
import { openPage } from '../open-page.js';
import { violationsOf } from './axe.js';
import { startEasel } from './easel-server.js';

it('asks for a key where the server has some, makes images with it, and lets nobody do more than it may', async () => {
  const { url, folder } = await startEasel();
  const key = await createKey(join(folder, 'storage'));
  const { page, problems } = await openPage(url);
  await page.getByLabel('API key').waitFor();
  expect(await violationsOf(page)).toEqual([]);
  await page.getByLabel('API key').fill('easel_wrong');
  await page.getByRole('button', { name: 'Sign in' }).click();
  await page.getByRole('alert').waitFor();
  // The browser itself writes down that a request was refused.
  problems.length = 0;
  await page.getByLabel('API key').fill(key);
  await page.keyboard.press('Enter');
  await page.getByRole('button', { name: 'Make 1 image' }).click();
  await page.locator('.frame[data-state=finished]').waitFor();
  await page.reload();
  await page.locator('.frame[data-state=finished]').waitFor();
  expect(await page.evaluate('document.cookie')).toBe('');
  expect(problems).toEqual([]);

  await page.getByRole('link', { name: 'Kernel' }).click();
  await page.getByRole('switch', { name: 'Local diffusion' }).click();
  await page.getByText('lacks the scope "admin"').waitFor();
  await page.getByRole('button', { name: 'Settings' }).click();
  await page.getByRole('button', { name: 'Sign out' }).click();
  await page.getByLabel('API key').waitFor();
});
