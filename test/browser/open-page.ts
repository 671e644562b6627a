import { type BrowserContextOptions, chromium, type Page } from 'playwright-core';
import { inject, onTestFinished } from 'vitest';

const connected = chromium.connect(inject('browser'));

export interface OpenedPage {
  readonly page: Page;
  /** All that went wrong in it. */
  readonly problems: string[];
  /** All hosts that it asked. */
  readonly hosts: Set<string>;
}

/** A page in a profile of its own; closed when the test ends. */
export async function openPage(url: string, options: BrowserContextOptions = {}): Promise<OpenedPage> {
  const context = await (await connected).newContext({ locale: 'en-GB', ...options });
  onTestFinished(() => context.close());
  // The machine may be busy; what is waited for is a condition, and the test itself has a time.
  context.setDefaultTimeout(100_000);
  const page = await context.newPage();
  const problems: string[] = [];
  const hosts = new Set<string>();
  page.on('console', (message) => message.type() === 'error' && problems.push(message.text()));
  page.on('pageerror', (error) => problems.push(String(error)));
  page.on('request', (request) => {
    if (/^https?:/.test(request.url())) hosts.add(new URL(request.url()).host);
  });
  await page.goto(url);
  return { page, problems, hosts };
}
