import { describe, expect, it } from 'vitest';
import { openPage } from '../open-page.js';
import { violationsOf } from './axe.js';
import { startEasel } from './easel-server.js';

const views = [
  { colorScheme: 'dark', viewport: { width: 1440, height: 900 } },
  { colorScheme: 'light', viewport: { width: 1440, height: 900 } },
  { colorScheme: 'dark', viewport: { width: 390, height: 844 } },
  { colorScheme: 'light', viewport: { width: 390, height: 844 } },
] as const;

describe('axe finds nothing wrong', () => {
  it.each(views)(
    'in $colorScheme at $viewport.width pixels: idle, running, and with each dialog',
    async (view) => {
      const { url } = await startEasel();
      const { page, problems } = await openPage(`${url}/make?p=a+blue+moon&steps=900&n=4`, view);
      const found: Record<string, string[]> = {};
      const look = async (name: string) => {
        found[name] = await violationsOf(page);
      };
      await page.locator('.stage-empty').waitFor();
      await look('idle');
      await page.getByRole('button', { name: 'Make 4 images' }).click();
      await page.locator('.frame[data-state=unfinished]').waitFor();
      await look('running');
      await page.getByRole('button', { name: 'Queue' }).click();
      await page.getByRole('dialog').waitFor();
      await look('queue');
      await page.getByRole('button', { name: 'Close' }).click();
      await page.getByRole('dialog').waitFor({ state: 'detached' });
      await page.getByRole('button', { name: 'Settings' }).click();
      await page.getByRole('dialog').waitFor();
      await look('settings');
      await page.keyboard.press('Escape');
      await page.getByRole('dialog').waitFor({ state: 'detached' });
      await page.keyboard.press('?');
      await page.getByRole('dialog').waitFor();
      await look('the keys');
      await page.keyboard.press('Escape');
      await page.getByRole('dialog').waitFor({ state: 'detached' });
      await page.getByRole('button', { name: 'Cancel' }).click();
      await page.locator('.stage-empty').waitFor();
      await page.getByRole('link', { name: 'Gallery' }).click();
      await page.getByText('What you make is kept here.').waitFor();
      await look('an empty gallery');
      const made = await fetch(`${url}/api/images/generate`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ prompt: 'a red boat', steps: 2 }),
      });
      expect(made.status).toBe(200);
      await page.reload();
      await page.getByRole('link', { name: 'Image: a red boat' }).waitFor();
      await look('the gallery');
      await page.getByRole('link', { name: 'Image: a red boat' }).click();
      await page.getByText('How it was made').waitFor();
      await look('an image');
      await page.getByRole('link', { name: 'Kernel' }).click();
      await page.getByRole('heading', { name: 'Local diffusion' }).waitFor();
      await look('the kernel');
      await page.getByRole('link', { name: 'Models' }).click();
      await page.getByRole('button', { name: 'Use Picture book' }).waitFor();
      await look('the models');
      expect(found).toEqual(Object.fromEntries(Object.keys(found).map((name) => [name, []])));
      expect(problems).toEqual([]);
      const overflow = await page.evaluate<number>('document.documentElement.scrollWidth - innerWidth');
      expect(overflow).toBeLessThanOrEqual(0);
    },
  );
});
