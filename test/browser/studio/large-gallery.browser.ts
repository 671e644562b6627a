import { link, mkdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import Database from 'libsql';
import type { Page } from 'playwright-core';
import { expect, it } from 'vitest';
import { jsonOf } from '../../http/server.js';
import { openPage } from '../open-page.js';
import { startEasel } from './easel-server.js';

const count = 20_000;
const perDay = 200;
const dayMs = 24 * 3_600_000;
/** Tiles that may be there at once, whatever is listed. */
const mostTiles = 200;
/** Milliseconds from one frame to the next where nothing is to do. */
const idleFrameMs = 1_000 / 60;

/** Adds images to that which a server has made: each is another name of its files. */
async function addImages(storage: string, name: string): Promise<void> {
  const pathOf = (one: string) => join(storage, 'results', one.slice(0, 2), one);
  // The first two characters are a folder.
  const names = Array.from(
    { length: count },
    (_, index) => `${(index % 256).toString(16).padStart(2, '0')}${`${index}`.padStart(62, '0')}.png`,
  );
  for (const folder of new Set(names.map((one) => dirname(pathOf(one)))))
    await mkdir(folder, { recursive: true });
  for (const one of names)
    for (const ending of ['', '.json', '.thumb.webp'])
      await link(pathOf(name) + ending, pathOf(one) + ending);
  const database = new Database(join(storage, 'jobs.db'));
  const insert = database.prepare(
    `INSERT INTO images (name, caller, created_at, job, prompt, model, plugin, media_type, width, height, seed, about)
     SELECT ?, caller, created_at - ?, NULL, ?, model, plugin, media_type, width, height, ?, about FROM images WHERE name = ?`,
  );
  database.transaction(() => {
    for (const [index, one] of names.entries())
      insert.run(one, Math.floor(index / perDay + 1) * dayMs, `image ${index}`, index, name);
  })();
  database.close();
}

/** Times from frame to frame while something is done, the longest last. */
async function framesOf(page: Page, act: () => Promise<void>): Promise<number[]> {
  await page.evaluate(`(() => {
    globalThis.frames = [];
    let before = performance.now();
    const next = (now) => {
      globalThis.frames.push(now - before);
      before = now;
      globalThis.frame = requestAnimationFrame(next);
    };
    globalThis.frame = requestAnimationFrame(next);
  })()`);
  await act();
  const frames = await page.evaluate<number[]>('cancelAnimationFrame(frame), frames');
  return frames.sort((one, other) => one - other);
}
const p95 = (frames: readonly number[]) => frames[Math.floor(0.95 * (frames.length - 1))] ?? 0;

it(`scrolls through ${count} images with a handful of them on the page, and jumps to a day`, async () => {
  const server = await startEasel();
  const made = await fetch(`${server.url}/api/images/generate`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ prompt: 'the newest', steps: 2, seed: 7 }),
  });
  const { image_url } = await jsonOf<{ image_url: string }>(made);
  const name = new URL(image_url).pathname.split('/').at(-1) ?? '';
  await fetch(`${server.url}/api/images/results/${name}/thumbnail`);
  await addImages(join(server.folder, 'storage'), name);

  const { page, problems } = await openPage(`${server.url}/gallery`);
  await page.getByText(`${count + 1} images`).waitFor();
  const box = await page.locator('.grid-scroller').boundingBox();
  if (!box) throw new Error('The list is not there.');
  await page.mouse.move(box.x + box.width / 2, box.y + box.height / 2);
  const turns = async (height: number) => {
    for (let turn = 0; turn < 40; turn++) await page.mouse.wheel(0, height);
  };
  const scroll = async () => {
    // The same acts that move nothing are the measure of the machine, which may be busy with other work.
    const idle = await framesOf(page, () => turns(0));
    const frames = await framesOf(page, () => turns(300));
    const slowness = Math.max(1, p95(idle) / idleFrameMs);
    return { p95: p95(frames) / slowness, longest: (frames.at(-1) ?? 0) / slowness };
  };
  await expect.poll(scroll, { timeout: 120_000 }).toSatisfy(({ p95, longest }) => p95 < 25 && longest < 50);
  expect(await page.locator('.tile').count()).toBeLessThan(mostTiles);

  await page.locator('.tile a').first().focus();
  await page.keyboard.press('End');
  await page.getByRole('link', { name: `Image: image ${count - 1}` }).waitFor();
  expect(await page.locator('.tile').count()).toBeLessThan(mostTiles);
  const day = 50;
  await page.locator('.day').nth(day).click();
  await page.getByRole('link', { name: `Image: image ${(day - 1) * perDay}`, exact: true }).waitFor();
  expect(await page.locator('.tile').count()).toBeLessThan(mostTiles);
  expect(problems).toEqual([]);
});
