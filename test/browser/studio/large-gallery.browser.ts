import { expect, it } from 'vitest';
import { jsonOf } from '../../http/server.js';
import { openPage } from '../open-page.js';
import { violationsOf } from './axe.js';
import { imageCount, imagesPerDay, startWithLargeGallery } from './large-gallery.js';

/** Tiles that may be there at once, whatever is listed. */
const mostTiles = 200;
/** The first tile of the day that is so many days ago: of equal age, the last that was made comes first. */
const firstOfDay = (day: number) => `Image: image ${day * imagesPerDay - 1}`;
const last = `Image: image ${imageCount - imagesPerDay}`;

it(`has ${imageCount} images behind one scrollbar, a few of them on the page, and leads to each`, async () => {
  const server = await startWithLargeGallery();
  const { page, problems } = await openPage(`${server.url}/gallery`);
  const image = (name: string) => page.getByRole('link', { name, exact: true });
  const focused = () => page.locator('.tile a:focus').getAttribute('aria-label');
  const tiles = page.locator('.tile');
  await page.getByText(`${imageCount + 1} images`).waitFor();
  await image('Image: the newest').waitFor();
  // The scrollbar is as long as the whole list.
  const [length, edge, across] = await page.evaluate<number[]>(`(() => {
    const tile = document.querySelector('.tile').getBoundingClientRect();
    const scroller = document.querySelector('.grid-scroller');
    return [scroller.scrollHeight, tile.height, scroller.clientWidth];
  })()`);
  const columns = Math.floor((across ?? 0) / (edge ?? 0));
  expect(length).toBeGreaterThan((imageCount / columns) * (edge ?? 0));
  expect(await tiles.count()).toBeLessThan(mostTiles);

  // The keys go on to work where the tiles on the way are not there yet.
  await page.locator('.tile a').first().focus();
  await page.keyboard.press('End');
  await expect.poll(focused).toBe(last);
  expect(await tiles.count()).toBeLessThan(mostTiles);
  await page.keyboard.press('ArrowLeft');
  await expect.poll(focused).toBe(`Image: image ${imageCount - imagesPerDay + 1}`);

  const day = 50;
  await page.locator('.day').nth(day).click();
  await image(firstOfDay(day)).waitFor();
  expect(await tiles.count()).toBeLessThan(mostTiles);
  // What is deleted leaves the images far down in their places, and the way back from an image leads there.
  await image(firstOfDay(day)).focus();
  await page.keyboard.press('Delete');
  await page.getByText(`${imageCount} images`).waitFor();
  await expect.poll(focused).toBe(`Image: image ${day * imagesPerDay - 2}`);
  await page.keyboard.press('Enter');
  await page.getByText('How it was made').waitFor();
  await page.keyboard.press('Escape');
  await image(`Image: image ${day * imagesPerDay - 2}`).waitFor();

  // Three days, both ends included, in the address too; then all of them again.
  const listed = await jsonOf<{ days: { day: string }[] }>(await fetch(`${server.url}/api/images/gallery`));
  const ago = (days: number) => listed.days[days]?.day ?? '';
  await page.getByRole('button', { name: 'Any date' }).click();
  await page.getByLabel('First day').fill(ago(12));
  await page.getByLabel('Last day').fill(ago(10));
  await page.getByText(`${3 * imagesPerDay} images`).waitFor();
  expect(new URL(page.url()).search).toBe(`?since=${ago(12)}&until=${ago(10)}`);
  expect(await violationsOf(page)).toEqual([]);
  await page.reload();
  await page.getByText(`${3 * imagesPerDay} images`).waitFor();
  await page.locator('.date-button').click();
  await page.getByRole('button', { name: 'Any date' }).click();
  await page.getByText(`${imageCount} images`).waitFor();
  expect(problems).toEqual([]);
});
