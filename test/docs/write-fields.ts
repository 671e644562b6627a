/** `npm run docs:fields`: docs/http-fields.md, anew. */
import { writeFile } from 'node:fs/promises';
import { fieldPage } from './field-tables.js';
import { root } from './page.js';

await writeFile(`${root}docs/http-fields.md`, fieldPage());
