import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { createWorld, moduleOf } from './fixtures/world.js';

const parts = Array.from({ length: 400 }, (_, part) => `part-${part}.txt`);
const code = `import { patchwork } from ${moduleOf('patchwork.js')};\nexport default patchwork(import.meta.url);\n`;
/** Large enough for the copy of all to take a while. */
const contentOf = (word: string) => word.padEnd(20_000);

it('a folder that changes while it is copied, and back, never leaves the mixture running', async () => {
  const { plugins, install, serves, paint, generations } = await createWorld(['patchwork']);
  const folder = join(plugins, 'patchwork');
  const writeParts = (word: string) =>
    Promise.all(parts.map((part) => writeFile(join(folder, part), contentOf(word))));
  const isCopying = async () => (await generations()).some((name) => name.endsWith('.new'));
  await mkdir(folder);
  await writeParts('old');
  await install('patchwork', '1.0.0', { code });

  while (!(await isCopying())) await pause(1);
  await writeParts('new');
  while (await isCopying()) await pause(1);
  await writeParts('old');

  await serves('patchwork', '1.0.0');
  await expect.poll(() => paint('patchwork', 'of one piece'), { interval: 250 }).toBe('old');
});
