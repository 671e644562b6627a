/** `npm run docs:providers`: the tables of docs/providers.md, anew. */
import { readFile, writeFile } from 'node:fs/promises';
import { root } from './page.js';
import { begin, end, providerTables } from './providers-table.js';

const path = `${root}docs/providers.md`;
const text = await readFile(path, 'utf8');
const [before] = text.split(begin);
const [, after] = text.split(end);
await writeFile(path, `${before}${begin}\n${await providerTables()}\n${end}${after}`);
