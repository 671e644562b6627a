import type { Locator, Page } from 'playwright-core';

/** What was asked for last, once it is finished; what stood there before does not count. */
export async function finishedImage(page: Page): Promise<Locator> {
  await page.waitForURL(/#job=/);
  const frame = page.locator('.frame[data-state=finished]');
  await frame.waitFor();
  return frame;
}
