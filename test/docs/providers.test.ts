import { readFile } from 'node:fs/promises';
import { expect, it } from 'vitest';
import { root } from './page.js';
import { begin, end, providerTables } from './providers-table.js';

it('says of each provider’s models what manifests and catalogue say; npm run docs:providers writes it', async () => {
  const text = await readFile(`${root}docs/providers.md`, 'utf8');
  const told = text.split(begin)[1]?.split(end)[0]?.trim();
  const tables = await providerTables();
  expect(tables).toContain('`fal-flux-schnell`');
  expect(told).toBe(tables);
});
