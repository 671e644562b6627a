import { expect, it } from 'vitest';
import { bearer, createKey, jsonOf, startServer } from '../http/server.js';
import { openPage } from './open-page.js';

it('lists what the server does, and makes a picture by a click', async () => {
  const server = await startServer();
  const { page, problems, hosts } = await openPage(`${server.url}/docs`);
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
  const operation = page.locator('.opblock', { has: page.locator('[data-path="/v1/models"]') });
  await operation.locator('.opblock-summary-control').click();
  const asked = page.waitForRequest(/v1\/models/);
  await operation.locator('button.execute').click();
  expect((await asked).headers()).toMatchObject(bearer(key));
  expect(
    await operation.locator('.live-responses-table tr.response td.response-col_status').first().innerText(),
  ).toMatch(/^200/);
});
