/** `npm run contact-sheet`: writes docs/samplers.webp. */
import { rename, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { drawSheet, openKernel, paintAll } from './contact-sheet.js';

const file = fileURLToPath(new URL('../../docs/samplers.webp', import.meta.url));
await using manager = openKernel();
const painted = await paintAll(manager);
await writeFile(`${file}.new`, await drawSheet(painted));
await rename(`${file}.new`, file);
process.stdout.write(`${painted.length} samplers in docs/samplers.webp\n`);
