import { readFile } from 'node:fs/promises';
import { expect, it } from 'vitest';

const read = async (path: string) => await readFile(new URL(`../../${path}`, import.meta.url), 'utf8');

it('the faults that docs/scale-out.md lists are tests of those names', async () => {
  const [, table = ''] = (await read('docs/scale-out.md')).split('| Fault | Test in `test/scale` |\n');
  const rows = [...(table.split('\n\n')[0] ?? '').matchAll(/^\| [^|]+ \| ([^|]+) \|$/gm)];
  expect(rows.length).toBeGreaterThan(13);
  for (const [, tests = ''] of rows) {
    let text = '';
    for (const part of tests.split('; ')) {
      const [, file, name = ''] = /^(?:`([\w.-]+)`: )?(.*?)(?: \(`.*`\))?$/.exec(part) ?? [];
      if (file) text = await read(`test/scale/${file}`);
      expect(text, part).toContain(name.replace(/^and /, '').trim());
    }
  }
});
