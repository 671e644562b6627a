import { expect, it } from 'vitest';
import { jsonOf } from '../../http/server.js';
import { openPage } from '../open-page.js';
import { type EaselServer, startEasel } from './easel-server.js';

const prompts = ['a red boat at sea', 'a blue moon', 'a green tree in a meadow'] as const;

/** A server that has made an image of each prompt, the last one last. */
async function startWithImages(): Promise<EaselServer> {
  const server = await startEasel();
  for (const prompt of prompts) {
    const made = await fetch(`${server.url}/api/images/generate`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ prompt, seed: 7, steps: 4 }),
    });
    expect(made.status).toBe(200);
  }
  return server;
}
const totalOf = async ({ url }: EaselServer) =>
  (await jsonOf<{ total: number }>(await fetch(`${url}/api/images/gallery`))).total;

it('shows what was made, the newest first; finds, stars, deletes, and has back, by keys alone', async () => {
  const server = await startWithImages();
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
  expect(problems).toEqual([]);
  expect([...hosts]).toEqual([new URL(server.url).host]);
});

it('tells how an image was made, and makes it again', async () => {
  const server = await startWithImages();
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
  expect(await page.getByLabel('Prompt').inputValue()).toBe('a blue moon');
  expect(await page.getByLabel('Seed', { exact: true }).inputValue()).toBe('7');
  await page.getByRole('button', { name: 'Make 1 image' }).click();
  await page.locator('.frame[data-state=finished]').waitFor();
  await expect.poll(() => page.locator('.status-text').innerText()).toContain('Seed 7');
  expect(problems).toEqual([]);
});
