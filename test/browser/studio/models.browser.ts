import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { openPage } from '../open-page.js';
import { violationsOf } from './axe.js';
import { startEasel } from './easel-server.js';

const value = 'a-key-that-nobody-may-read';

it("keeps a provider's key, uses it at once, and shows it to nobody", async () => {
  const server = await startEasel();
  const { page, problems } = await openPage(`${server.url}/models`);
  const keys = page.getByRole('region', { name: 'Keys of providers' });
  await keys.getByLabel('GEMINI_API_KEY').first().fill(value);
  expect(await violationsOf(page)).toEqual([]);
  await keys.getByRole('button', { name: 'Keep GEMINI_API_KEY' }).click();
  await page.getByText('GEMINI_API_KEY is kept.').waitFor();
  await expect.poll(() => keys.getByText('GEMINI_API_KEY').count()).toBe(0);
  const ready = page.getByRole('region', { name: 'Ready' });
  await ready
    .getByText(/gemini/)
    .first()
    .waitFor();
  const file = join(server.folder, 'storage', 'secrets.json');
  expect(JSON.parse(await readFile(file, 'utf8'))).toEqual({ GEMINI_API_KEY: value });
  expect((await stat(file)).mode & 0o777).toBe(0o600);
  expect(await page.content()).not.toContain(value);
  expect(problems).toEqual([]);
  await server.restart();
  await page.reload();
  await ready
    .getByText(/gemini/)
    .first()
    .waitFor();
});
