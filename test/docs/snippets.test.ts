import { access } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { configurationSchema, createImageServiceManager } from '@easel/core';
import { createServer } from '@easel/core/server';
import { modelSchema } from '@easel/plugin-sdk';
import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readPages, root, UserFolder } from './page.js';

const pages = await readPages();

/** Marks that this file knows what to do with; another one would be a snippet that nobody runs. */
const knownMarks = /^(|file: \S+|run|run against the server|prints|configuration|model|needs the network)$/;

describe.each(pages.map((page) => [page.path, page] as const))('%s', (path, page) => {
  let folder: UserFolder;
  beforeAll(async () => {
    folder = await UserFolder.create(page);
  });
  afterAll(() => folder.remove());

  const has = (wanted: string) => page.snippets.some(({ mark }) => mark === wanted);

  it('marks its snippets with words that are known', () => {
    for (const { mark } of page.snippets) expect(mark).toMatch(knownMarks);
  });

  it('links to files and headings that exist', async () => {
    for (const [, link = ''] of page.text.matchAll(/\]\(([^)\s]+)\)/g)) {
      const [file = '', heading] = link.split('#');
      if (/^https?:/.test(link)) continue;
      const target = file === '' ? path : join(dirname(path), file);
      await access(join(root, target));
      const slugs = pages
        .find((one) => one.path === target)
        ?.text.match(/^#+ .+$/gm)
        ?.map(slugOf);
      if (heading !== undefined) expect(slugs, link).toContain(heading);
    }
  });

  if (has('configuration'))
    it('configures what can be configured', () => {
      for (const { mark, text } of page.snippets)
        if (mark === 'configuration') configurationSchema.parse(JSON.parse(text));
    });

  if (has('model'))
    it('describes models that the catalogue takes', () => {
      for (const { mark, text } of page.snippets) if (mark === 'model') modelSchema.parse(JSON.parse(text));
    });

  if (has('run'))
    it('has commands that work', { timeout: 120_000 }, async () => {
      for (const [index, { mark, text }] of page.snippets.entries()) {
        if (mark !== 'run') continue;
        const printed = await folder.run(text);
        const next = page.snippets[index + 1];
        if (next?.mark === 'prints') expect(printed).toBe(next.text);
      }
    });

  if (has('run against the server'))
    it('asks the server by curl', async () => {
      const manager = createImageServiceManager({
        environment: {},
        configuration: { storageFolder: join(folder.path, 'kept') },
      });
      const server = await createServer({ manager });
      try {
        const url = await server.listen({ host: '127.0.0.1', port: 0 });
        for (const { mark, text } of page.snippets) {
          if (mark !== 'run against the server') continue;
          const printed = await folder.run(
            text.replaceAll('http://127.0.0.1:8190', url).replaceAll('curl -s', 'curl -sS'),
          );
          expect(printed).not.toMatch(/"error"|HTTP\/1\.1 [45]/);
          expect(printed).toMatch(/"created":\d+|"success":true/);
        }
      } finally {
        await server.close();
        await manager.close();
      }
    });
});

describe('README.md', () => {
  it('has at most 700 words', () => {
    expect(pages[0]?.text.split(/\s+/).length).toBeLessThanOrEqual(700);
  });

  it('writes a provider whose image has the colour that was asked for', async () => {
    const folder = await UserFolder.create(pages[0]!);
    try {
      await folder.run('easel generate "#2a9d8f" --model swatch --out swatch.png');
      const { data } = await sharp(join(folder.path, 'swatch.png'))
        .raw()
        .toBuffer({ resolveWithObject: true });
      expect([...data.subarray(0, 3)]).toEqual([0x2a, 0x9d, 0x8f]);
    } finally {
      await folder.remove();
    }
  });
});

/** As GitHub makes anchors of headings. */
const slugOf = (heading: string): string =>
  heading
    .replace(/^#+ /, '')
    .toLowerCase()
    .replace(/[^\w\s-]/g, '')
    .replaceAll(' ', '-');
