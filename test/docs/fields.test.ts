import { readFile } from 'node:fs/promises';
import { expect, it } from 'vitest';
import { fieldPage } from './field-tables.js';
import { root } from './page.js';

it('says of each field what its API does with it; npm run docs:fields writes it', async () => {
  const page = fieldPage();
  expect(page).toContain('| `output_compression` |');
  expect(await readFile(`${root}docs/http-fields.md`, 'utf8')).toBe(page);
});
