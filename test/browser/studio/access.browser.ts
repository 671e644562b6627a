import type { Page } from 'playwright-core';
import { expect, it } from 'vitest';
import { openPage } from '../open-page.js';
import { violationsOf } from './axe.js';
import { startEasel } from './easel-server.js';
import { finishedImage } from './finished-image.js';

const widths = [
  { width: 1440, height: 900 },
  { width: 390, height: 844 },
] as const;

/** What axe finds in both themes at both widths, and whether something stands out of the page. */
async function look(page: Page): Promise<string[]> {
  const found: string[] = [];
  for (const size of widths) {
    await page.setViewportSize(size);
    for (const colorScheme of ['dark', 'light'] as const) {
      await page.emulateMedia({ colorScheme });
      // Between themes nothing changes but colours.
      const violations = await violationsOf(page, colorScheme === 'dark' ? 'all' : 'colours');
      found.push(...violations.map((one) => `${size.width} ${colorScheme}: ${one}`));
    }
    const overflow = await page.evaluate<number>('document.documentElement.scrollWidth - innerWidth');
    if (overflow > 0) found.push(`${size.width}: ${overflow} pixels too wide`);
  }
  await page.setViewportSize(widths[0]);
  return found;
}

it('axe finds nothing wrong on any page, idle, running, and with each dialog', async () => {
  const { url } = await startEasel();
  const { page, problems } = await openPage(`${url}/make?p=a+blue+moon&steps=400&n=8`);
  const found: Record<string, string[]> = {};
  const see = async (name: string) => {
    found[name] = await look(page);
  };
  const dialog = page.getByRole('dialog');
  const closed = async () => {
    await page.keyboard.press('Escape');
    await dialog.waitFor({ state: 'detached' });
  };

  await page.locator('.first-run').waitFor();
  await page.getByText('More settings').click();
  await see('idle');
  await page.getByRole('button', { name: 'Make 8 images' }).click();
  await page.locator('.frame[data-state=unfinished]').first().waitFor();
  await see('running');
  await page.getByRole('button', { name: 'Queue' }).click();
  await dialog.waitFor();
  await see('queue');
  await closed();
  await page.getByRole('button', { name: 'Settings' }).click();
  await dialog.waitFor();
  await see('settings');
  await closed();
  await page.keyboard.press('?');
  await dialog.waitFor();
  await see('the keys');
  await closed();
  await page.getByRole('button', { name: 'Cancel' }).click();
  await page.locator('.stage-empty').waitFor();
  await page.getByRole('link', { name: 'Gallery' }).click();
  await page.getByText('What you make is kept here.').waitFor();
  await see('an empty gallery');

  await page.goto(`${url}/make?p=a+red+boat&steps=2&n=2`);
  await page.getByRole('button', { name: 'Make 2 images' }).click();
  await finishedImage(page);
  await see('finished');
  await page.getByRole('button', { name: 'What was sent' }).click();
  await dialog.waitFor();
  await see('what was sent');
  await closed();
  await page.goto(`${url}/make?p=a+fish&sampler=nonsense`);
  await page.getByRole('button', { name: 'Make 1 image' }).click();
  await page.getByRole('alert').waitFor();
  await see('refused');
  // The browser itself writes down that a request was refused.
  problems.length = 0;

  await page.getByRole('link', { name: 'Gallery' }).click();
  await page.getByRole('link', { name: 'Image: a red boat' }).first().waitFor();
  await see('the gallery');
  await page.getByRole('link', { name: 'Image: a red boat' }).first().click();
  await page.getByText('How it was made').waitFor();
  await see('an image');
  await page.getByRole('link', { name: 'Kernel' }).click();
  await page.getByRole('heading', { name: 'Local diffusion' }).waitFor();
  await see('the kernel');
  await page.getByRole('link', { name: 'Models' }).click();
  await page.getByRole('button', { name: 'Use Picture book' }).waitFor();
  await see('the models');
  expect(found).toEqual(Object.fromEntries(Object.keys(found).map((name) => [name, []])));
  expect(problems).toEqual([]);
}, 600_000);
