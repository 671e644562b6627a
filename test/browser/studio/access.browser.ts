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
      const { page, problems } = await openPage(`${url}/make?p=a+blue+moon&steps=400`, view);
      const found: Record<string, string[]> = {};
      const look = async (name: string) => {
        found[name] = await violationsOf(page);
      };
      await page.locator('.stage-empty').waitFor();
      await look('idle');
      await page.getByRole('button', { name: 'Make 1 image' }).click();
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
      expect(found).toEqual(Object.fromEntries(Object.keys(found).map((name) => [name, []])));
      expect(problems).toEqual([]);
      const overflow = await page.evaluate<number>('document.documentElement.scrollWidth - innerWidth');
      expect(overflow).toBeLessThanOrEqual(0);
    },
  );
});
