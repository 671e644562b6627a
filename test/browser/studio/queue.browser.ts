import { expect, it } from 'vitest';
import { jsonOf } from '../../http/server.js';
import { openPage } from '../open-page.js';
import { startEasel } from './easel-server.js';

interface JobList {
  readonly jobs: readonly {
    readonly started_at: string | null;
    readonly request: { readonly prompt: string };
  }[];
}

it('puts what waits into another order, by keys, and the server begins it so', async () => {
  const { url } = await startEasel({ EASEL_JOBS_AT_ONCE: '1' });
  const { page, problems } = await openPage(`${url}/make?p=a+red+boat&steps=400&n=4`);
  await page.getByRole('button', { name: 'Make 4 images' }).click();
  await page.locator('.frame[data-state=unfinished]').first().waitFor();
  for (const prompt of ['one', 'two', 'three'])
    await fetch(`${url}/api/images/jobs`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ prompt, steps: 1 }),
    });
  await page.getByRole('button', { name: 'Queue' }).click();
  const order = () => page.locator('.queue-prompt').allInnerTexts();
  await expect.poll(order).toEqual(['a red boat', 'one', 'two', 'three']);
  await page.getByRole('button', { name: 'Earlier: three' }).press('Enter');
  await expect.poll(order).toEqual(['a red boat', 'one', 'three', 'two']);
  await page.keyboard.press('Enter');
  await expect.poll(order).toEqual(['a red boat', 'three', 'one', 'two']);
  await page.getByRole('button', { name: 'Later: one' }).press('Enter');
  await expect.poll(order).toEqual(['a red boat', 'three', 'two', 'one']);
  expect(await page.getByRole('button', { name: 'Later: one' }).isDisabled()).toBe(true);
  await page.getByRole('button', { name: 'Cancel: a red boat' }).click();
  await page.getByText('Nothing waits.').waitFor();
  const { jobs } = await jsonOf<JobList>(await fetch(`${url}/api/images/jobs`));
  const begun = [...jobs].sort((one, other) => `${one.started_at}`.localeCompare(`${other.started_at}`));
  expect(begun.map(({ request }) => request.prompt)).toEqual(['a red boat', 'three', 'two', 'one']);
  expect(problems).toEqual([]);
});
