import { setTimeout as pause } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { jsonOf } from '../../http/server.js';
import { openPage } from '../open-page.js';
import { startEasel } from './easel-server.js';

/** Milliseconds for which there is no network: what is tested is that so long does no harm. */
const offlineMs = 10_000;

it('loses nothing when the network is gone for ten seconds in the middle of a job', async () => {
  const { url } = await startEasel();
  const { page } = await openPage(`${url}/make?p=a+red+boat&steps=300&s=7`);
  await page.getByRole('button', { name: 'Make 1 image' }).click();
  await page.locator('.frame[data-state=unfinished]').first().waitFor();
  const job = new URL(page.url()).hash;
  const lost = page.getByText('The server cannot be reached');
  await page.context().setOffline(true);
  await lost.waitFor();
  await page.getByLabel('Prompt').fill('a blue moon');
  await pause(offlineMs);
  const states = async () => {
    const { jobs } = await jsonOf<{ jobs: { state: string }[] }>(await fetch(`${url}/api/images/jobs`));
    return jobs.map(({ state }) => state);
  };
  await expect.poll(states).toEqual(['succeeded']);
  await page.context().setOffline(false);
  await lost.waitFor({ state: 'hidden' });
  expect(new URL(page.url()).hash).toBe(job);
  expect(await page.getByLabel('Prompt').inputValue()).toBe('a blue moon');
  // The job has ended meanwhile: that is told, and the image that could not be fetched is.
  await page.locator('.frame[data-state=finished]').waitFor();
  await page.getByRole('button', { name: 'Queue' }).click();
  await page.getByText('Nothing waits.').waitFor();
});
