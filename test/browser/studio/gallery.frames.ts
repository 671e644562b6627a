import type { Page } from 'playwright-core';
import { expect, it } from 'vitest';
import { openPage } from '../open-page.js';
import { imageCount, startWithLargeGallery } from './large-gallery.js';

/** Times from frame to frame in milliseconds while something is done, the longest last. */
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
const at = (share: number, frames: readonly number[]) => frames[Math.floor(share * (frames.length - 1))] ?? 0;

it(`draws ${imageCount} images that are scrolled without a long frame`, async () => {
  const server = await startWithLargeGallery();
  const { page } = await openPage(`${server.url}/gallery`);
  await page.getByText(`${imageCount + 1} images`).waitFor();
  const box = await page.locator('.grid-scroller').boundingBox();
  if (!box) throw new Error('The list is not there.');
  await page.mouse.move(box.x + box.width / 2, box.y + box.height / 2);
  const turns = (height: number) => async () => {
    for (let turn = 0; turn < 120; turn++) await page.mouse.wheel(0, height);
  };
  const found = { idle: await framesOf(page, turns(0)), scrolling: await framesOf(page, turns(300)) };
  for (const [name, frames] of Object.entries(found))
    console.log(
      `${name}: ${frames.length} frames, p50 ${at(0.5, frames).toFixed(1)} ms, p95 ${at(0.95, frames).toFixed(1)} ms, longest ${at(1, frames).toFixed(1)} ms`,
    );
  expect(at(0.95, found.scrolling)).toBeLessThan(25);
  expect(at(1, found.scrolling)).toBeLessThan(50);
});
