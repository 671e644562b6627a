import { buffer } from 'node:stream/consumers';
import type { Page } from 'playwright-core';

/** The file that a link downloads. */
export async function download(page: Page, link: string): Promise<Buffer> {
  const started = page.waitForEvent('download');
  await page.getByRole('link', { name: link, exact: true }).click();
  return await buffer(await (await started).createReadStream());
}
