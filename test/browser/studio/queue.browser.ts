import { expect, it } from 'vitest';
import { jsonOf } from '../../http/server.js';
import { openPage } from '../open-page.js';
import { shareEasel } from './easel-server.js';

interface JobList {
  readonly jobs: readonly {
    readonly state: string;
    readonly started_at: string | null;
    readonly request: { readonly prompt: string };
  }[];
}

const easel = shareEasel({ EASEL_JOBS_AT_ONCE: '1' });
const jobsOf = async (url: string) => (await jsonOf<JobList>(await fetch(`${url}/api/images/jobs`))).jobs;
/** Steps and images that take longer than a test needs to press a button. */
const longWork = '?p=a+red+boat&steps=400&n=8';

it('puts what waits into another order, by keys, and the server begins it so', async () => {
  const { url } = easel();
  const { page, problems } = await openPage(`${url}/make${longWork}`);
  await page.getByRole('button', { name: 'Make 8 images' }).click();
  await page.getByText(/^step \d+ of 3200$/).waitFor();
  for (const prompt of ['one', 'two', 'three'])
    await fetch(`${url}/api/images/jobs`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ prompt, steps: 1 }),
    });
  await page.getByRole('button', { name: 'Queue' }).click();
  const order = () => page.locator('.queue-prompt').allInnerTexts();
  await expect.poll(order).toEqual(['a red boat', 'one', 'two', 'three']);
  const focused = () => page.locator(':focus').getAttribute('aria-label');
  await page.getByRole('button', { name: 'Earlier: three' }).press('Enter');
  await page.keyboard.press('Enter');
  await expect.poll(order).toEqual(['a red boat', 'three', 'one', 'two']);
  await expect.poll(focused).toBe('Later: three');
  await page.getByRole('button', { name: 'Later: one' }).press('Enter');
  await expect.poll(order).toEqual(['a red boat', 'three', 'two', 'one']);
  await expect.poll(focused).toBe('Earlier: one');
  await page.getByRole('button', { name: 'Cancel: a red boat' }).click();
  await page.getByText('Nothing waits.').waitFor();
  const begun = [...(await jobsOf(url))].sort((one, other) =>
    `${one.started_at}`.localeCompare(`${other.started_at}`),
  );
  expect(begun.map(({ request }) => request.prompt)).toEqual(['a red boat', 'three', 'two', 'one']);
  expect(problems).toEqual([]);
});

it('shows all that waits in one list, there and in other tabs, and cancels one or all', async () => {
  const { url } = easel();
  const { page, problems } = await openPage(`${url}/make${longWork}`);
  const other = await page.context().newPage();
  await other.goto(url);
  const make = page.getByRole('button', { name: 'Make 8 images' });
  for (const count of ['1', '2', '3']) {
    await make.click();
    await page.locator('.count', { hasText: count }).waitFor();
    await other.locator('.count', { hasText: count }).waitFor();
  }
  await other.getByRole('button', { name: 'Queue' }).click();
  const rows = other.getByRole('listitem');
  await expect
    .poll(() => rows.locator('.fine').allInnerTexts())
    .toEqual([
      'Running · picturebook · 96x96 · 8×',
      'Waiting · picturebook · 96x96 · 8×',
      'Waiting · picturebook · 96x96 · 8×',
    ]);
  await rows.last().getByRole('button', { name: 'Cancel: a red boat' }).click();
  await page.locator('.count', { hasText: '2' }).waitFor();
  await other.getByRole('button', { name: 'Cancel 2 jobs' }).click();
  await other.getByText('Nothing waits.').waitFor();
  await page.locator('.count').waitFor({ state: 'detached' });
  const states = (await jobsOf(url)).slice(0, 3).map(({ state }) => state);
  expect(states).toEqual(['cancelled', 'cancelled', 'cancelled']);
  expect(problems).toEqual([]);
});
