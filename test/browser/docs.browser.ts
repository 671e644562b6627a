import { chromium, type Page } from 'playwright-core';
import { expect, it, onTestFinished } from 'vitest';
import { bearer, createKey, jsonOf, startServer } from '../http/server.js';

/** Debian's; another one by `CHROMIUM`. */
const executablePath = process.env.CHROMIUM ?? '/usr/bin/chromium';

/** The page in a browser of its own, with all that went wrong in it, and all hosts that it asked. */
async function openPage(url: string): Promise<{ page: Page; problems: string[]; hosts: Set<string> }> {
  const browser = await chromium.launch({ executablePath, args: ['--no-sandbox'] });
  onTestFinished(() => browser.close());
  const page = await browser.newPage();
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

it('lists what the server does, and makes a picture by a click', async () => {
  const server = await startServer();
  const { page, problems, hosts } = await openPage(server.url);
  const operation = page.locator('.opblock', { hasText: '/api/images/generate' });
  await operation.locator('.opblock-summary-control').click();
  await operation.locator('textarea').fill('{ "prompt": "a fixture", "seed": 4 }');
  await operation.locator('button.execute').click();
  const answer = operation.locator('.live-responses-table .highlight-code').first();
  await answer.waitFor();
  expect(
    await operation.locator('.live-responses-table tr.response td.response-col_status').first().innerText(),
  ).toMatch(/^200/);
  expect(await answer.innerText()).toContain('"image_url"');
  const { paths } = await jsonOf<{ paths: Record<string, object> }>(await server.get('/openapi.json'));
  const operations = Object.values(paths).flatMap((path) => Object.keys(path));
  expect(await page.locator('.opblock').count()).toBe(operations.length);
  expect(problems).toEqual([]);
  expect([...hosts]).toEqual([new URL(server.url).host]);
});

it('is shown to everybody, and asks with the key that people type in', async () => {
  const server = await startServer();
  const key = await createKey(server.storageFolder);
  const { page } = await openPage(`${server.url}/docs`);
  await page.locator('button.authorize').first().click();
  await page.locator('.auth-container input').fill(key);
  await page.locator('.auth-btn-wrapper button.authorize').click();
  await page.locator('.auth-btn-wrapper .btn-done').click();
  const operation = page.locator('.opblock', { hasText: '/v1/models' });
  await operation.locator('.opblock-summary-control').click();
  const asked = page.waitForRequest(/v1\/models/);
  await operation.locator('button.execute').click();
  expect((await asked).headers()).toMatchObject(bearer(key));
  expect(
    await operation.locator('.live-responses-table tr.response td.response-col_status').first().innerText(),
  ).toMatch(/^200/);
});
