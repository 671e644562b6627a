import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { expect, it } from 'vitest';

const folder = fileURLToPath(new URL('../../studio/dist/', import.meta.url));
const document = readFileSync(`${folder}index.html`, 'utf8');
const files = readdirSync(`${folder}studio`);
const kibibytes = (names: readonly string[], isPacked = false) =>
  names.reduce((sum, name) => {
    const bytes = readFileSync(`${folder}studio/${name}`);
    return sum + (isPacked ? bytes : gzipSync(bytes)).byteLength / 1024;
  }, 0);
const ending = (extension: string) => files.filter((name) => name.endsWith(extension));

it('is small: scripts, styles and fonts as they travel', () => {
  const first = ending('.js').filter((name) => document.includes(name));
  expect(first).not.toEqual([]);
  expect(kibibytes(first)).toBeLessThan(200);
  expect(kibibytes(ending('.js'))).toBeLessThan(250);
  expect(kibibytes(ending('.css'))).toBeLessThan(20);
  expect(kibibytes(ending('.woff2'), true)).toBeLessThan(110);
});

it('has nothing in its document that a strict policy forbids, nor from another host', () => {
  expect(document).not.toMatch(/<style|style="|<script(?![^>]*\bsrc=)|\bon\w+=|https?:/);
});

it('comes with the licences of what is in it', () => {
  const licences = readFileSync(`${folder}licenses.md`, 'utf8');
  for (const name of ['react', 'react-dom', '@base-ui/react', 'nanostores', 'wouter', 'zod'])
    expect(licences).toContain(name);
});
