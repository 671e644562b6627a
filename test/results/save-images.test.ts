import { mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { saveImages } from '@easel/core';
import { describe, expect, it } from 'vitest';
import { slugOf } from '../../core/src/results/slug.js';
import { onePixelPng } from '../fixtures/one-pixel-png.js';
import { png, resultOf, temporaryFolder } from './pictures.js';

async function save(folder: string, images: Parameters<typeof resultOf>[0], out?: string) {
  const { files, warnings } = await saveImages(resultOf(images), { workingFolder: folder, out });
  for (const { path } of files) expect(new Uint8Array(readFileSync(path))).toEqual(onePixelPng);
  return { names: files.map(({ path }) => relative(folder, path)), warnings };
}
const filesIn = (folder: string) => (readdirSync(folder, { recursive: true }) as string[]).sort();

describe('saveImages', () => {
  it('makes names from the prompt and the seed, and never replaces a file', async () => {
    const folder = temporaryFolder();
    expect((await save(folder, [png(7), png(8)])).names).toEqual([
      'easel-a-red-house-7.png',
      'easel-a-red-house-8.png',
    ]);
    expect((await save(folder, [png(7)])).names).toEqual(['easel-a-red-house-7-2.png']);
    expect((await save(folder, [png(7)])).names).toEqual(['easel-a-red-house-7-3.png']);
    expect((await save(folder, [png(), png()])).names).toEqual([
      'easel-a-red-house.png',
      'easel-a-red-house-2.png',
    ]);
    expect(filesIn(folder)).toHaveLength(6);
  });

  it('gives each of many writers of one name its own file', async () => {
    const folder = temporaryFolder();
    const names = await Promise.all(Array.from({ length: 20 }, () => save(folder, [png(7)])));
    expect(new Set(names.flatMap((saved) => saved.names)).size).toBe(20);
    expect(filesIn(folder)).toHaveLength(20);
  });

  it('names files in a folder that exists, or that ends in a slash', async () => {
    const folder = temporaryFolder();
    mkdirSync(join(folder, 'there'));
    expect((await save(folder, [png(7)], 'there')).names).toEqual(['there/a-red-house-7.png']);
    expect((await save(folder, [png(7)], 'new/deep/')).names).toEqual(['new/deep/a-red-house-7.png']);
    expect((await save(folder, [png(7)], '.')).names).toEqual(['a-red-house-7.png']);
  });

  it('uses a name that was chosen, numbers several, replaces files, makes folders', async () => {
    const folder = temporaryFolder();
    writeFileSync(join(folder, 'house.png'), 'old');
    expect((await save(folder, [png(7)], 'house.png')).names).toEqual(['house.png']);
    expect((await save(folder, [png(1), png(2), png(3)], 'a/b/House.PNG')).names).toEqual([
      'a/b/House-1.PNG',
      'a/b/House-2.PNG',
      'a/b/House-3.PNG',
    ]);
    expect((await save(folder, [png(1)], 'bare')).names).toEqual(['bare.png']);
    expect(filesIn(folder).filter((name) => name.includes('tmp'))).toEqual([]);
  });

  it('replaces what a symbolic link points to, not the link', async () => {
    const folder = temporaryFolder();
    writeFileSync(join(folder, 'real.png'), 'old');
    symlinkSync('real.png', join(folder, 'link.png'));
    await save(folder, [png(7)], 'link.png');
    expect(new Uint8Array(readFileSync(join(folder, 'real.png')))).toEqual(onePixelPng);
  });

  it('does not call a JPEG a PNG', async () => {
    const folder = temporaryFolder();
    writeFileSync(join(folder, 'house.jpg'), 'not named by anybody');
    const { names, warnings } = await save(folder, [{ ...png(7), mediaType: 'image/jpeg' }], 'house.png');
    expect(names).toEqual(['house-2.jpg']);
    expect(warnings).toMatchObject([{ message: expect.stringContaining('image/jpeg') }]);
  });

  it.each([
    ['', /is not the name of a file/],
    ['-', /is not the name of a file/],
    ['a\0b.png', /is not the name of a file/],
    ['house.gif', /ends in ".gif"; Easel writes \.png, \.jpg, \.jpeg, \.webp, \.avif/],
    ['file.txt/house.png', /is not a folder/],
    [`${'x'.repeat(300)}.png`, /ENAMETOOLONG/],
    ['/dev/null', /is not a file/],
  ])('refuses %j, and leaves nothing behind', async (out, message) => {
    const folder = temporaryFolder();
    writeFileSync(join(folder, 'file.txt'), 'a file');
    await expect(save(folder, [png(7)], out)).rejects.toMatchObject({
      code: 'ERR_REQUEST_INVALID',
      message: expect.stringMatching(message),
    });
    expect(filesIn(folder)).toEqual(['file.txt']);
  });
});

describe('a prompt as a part of a file name', () => {
  it.each([
    ['A red house, and a GREEN tree!', 'a-red-house-and-a-green-tree'],
    ['  Ölgemälde -- naïve ', 'olgemalde-naive'],
    ['赤い家', '赤い家'],
    ['../../etc/passwd', 'etc-passwd'],
    ['🏠', 'picture'],
    ['word '.repeat(100), 'word-word-word-word-word-word-word-word'],
    ['x'.repeat(500), 'x'.repeat(40)],
  ])('%j', (prompt, slug) => {
    expect(slugOf(prompt)).toBe(slug);
  });
});
