import { chromium } from 'playwright-core';
import type { TestProject } from 'vitest/node';

declare module 'vitest' {
  export interface ProvidedContext {
    /** Where the browser of the run is reached. */
    readonly browser: string;
  }
}

/** Debian's; another one by `CHROMIUM`. */
const executablePath = process.env.CHROMIUM ?? '/usr/bin/chromium';

/** Starts one browser for all tests, which each have a profile of their own in it. Answers what ends it. */
export default async function startBrowser(project: TestProject): Promise<() => Promise<void>> {
  const server = await chromium.launchServer({ executablePath, host: '127.0.0.1', args: ['--no-sandbox'] });
  project.provide('browser', server.wsEndpoint());
  return () => server.close();
}
