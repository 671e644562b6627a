import { expect, it } from 'vitest';
import { jsonOf } from '../../http/server.js';
import { openPage } from '../open-page.js';
import { shareEasel } from './easel-server.js';

const easel = shareEasel();

interface JobList {
  readonly jobs: readonly { readonly id: string; readonly state: string; readonly request: object }[];
}
const jobsOf = async (url: string) => (await jsonOf<JobList>(await fetch(`${url}/api/images/jobs`))).jobs;
/** Steps and images that take longer than a test needs to press a button. */
const longWork = '?p=a+red+boat&steps=400&n=8';

it('shows its keys at "?", but where people type, and what to add to a first run', async () => {
  const { url } = easel();
  const { page, problems } = await openPage(`${url}/make?p=`);
  const list = page.getByRole('region', { name: 'What to add next' });
  await list.getByRole('link', { name: /Enter a key/ }).waitFor();
  await page.getByLabel('Prompt').focus();
  await page.keyboard.type('what?');
  const prompt = () => page.getByLabel('Prompt').inputValue();
  await expect.poll(prompt).toBe('what?');
  await page.keyboard.press('Control+ArrowUp');
  await expect.poll(prompt).toBe('(what?:1.1)');
  await page.keyboard.press('Control+z');
  await expect.poll(prompt).toBe('what?');
  await page.getByRole('button', { name: 'Draw a seed' }).focus();
  await page.keyboard.press('?');
  const sheet = page.getByRole('dialog', { name: 'Keys' });
  await sheet.getByText('Make what is set').waitFor();
  await page.keyboard.press('Escape');
  await sheet.waitFor({ state: 'detached' });
  await list.getByRole('link', { name: 'Install a larger model' }).click();
  await page.getByRole('region', { name: 'Not installed' }).waitFor();
  expect(problems).toEqual([]);
});

it('makes the first image at a click, and asks no other host', async () => {
  const { url } = easel();
  const { page, problems, hosts } = await openPage(url);
  await page.getByRole('button', { name: 'Make 1 image' }).click();
  await page.locator('.frame[data-state=finished]').waitFor();
  expect(await page.getByRole('img', { name: 'Image: a yellow star at night' }).count()).toBe(1);
  expect(await page.locator('.strip img').count()).toBe(1);
  expect(await page.locator('.status-text').innerText()).toMatch(
    /^96 × 96 · Seed \d+ · .* · local-diffusion$/,
  );
  expect(await page.locator('.go .hint').innerText()).toMatch(/^about \d+ (s|min) · local-diffusion$/);
  const [job] = await jobsOf(url);
  expect(job).toMatchObject({
    state: 'succeeded',
    request: { prompt: 'a yellow star at night', model: 'picturebook', size: '96x96', n: 1, steps: 20 },
  });
  expect(problems).toEqual([]);
  expect([...hosts]).toEqual([new URL(url).host]);
});

it('shows images before they are finished, also when the page is opened again, or the server', async () => {
  const server = easel();
  const before = (await jobsOf(server.url)).length;
  const { page, problems } = await openPage(`${server.url}/make${longWork}`);
  await page.getByRole('button', { name: 'Make 8 images' }).click();
  await page.locator('.frame[data-state=unfinished]').first().waitFor();
  expect(await page.getByRole('progressbar').count()).toBe(1);
  const address = page.url();
  expect(address).toMatch(/#job=[\w-]+\.0$/);

  await page.reload();
  await page.locator('.frame[data-state=unfinished]').first().waitFor();
  expect(page.url()).toBe(address);
  expect(await page.getByLabel('Prompt').inputValue()).toBe('a red boat');
  expect(problems).toEqual([]);

  await server.restart();
  await page.getByText('The server cannot be reached').waitFor({ state: 'hidden' });
  await page.getByText(/^step \d+ of 3200$/).waitFor();
  const [job, ...others] = await jobsOf(server.url);
  expect(others).toHaveLength(before);
  expect(address).toContain(job?.id);

  await page.getByRole('button', { name: 'Cancel' }).click();
  await page.getByText('Cancelled').first().waitFor();
  expect((await jobsOf(server.url))[0]?.state).toBe('cancelled');
});

it('says in words what is wrong with a request', async () => {
  const { url } = easel();
  const { page } = await openPage(`${url}/make?p=a+fish&sampler=nonsense`);
  await page.getByRole('button', { name: 'Make 1 image' }).click();
  const alert = page.getByRole('alert');
  await alert.waitFor();
  expect(await alert.innerText()).toContain('nonsense');
  expect(await alert.innerText()).toContain('ERR_REQUEST_INVALID');
  // What was made before can be looked at all the same.
  await page.locator('.strip button').first().click();
  await page.locator('.frame[data-state=finished]').waitFor();
  expect(await alert.count()).toBe(0);
});
