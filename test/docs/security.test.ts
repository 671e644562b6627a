import { existsSync, readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { root } from './page.js';

const page = readFileSync(`${root}/docs/security.md`, 'utf8');
const section = page.split(/^## /m).find((text) => text.startsWith('Promises and their tests\n')) ?? '';
const promises = [...section.matchAll(/^\| ([^|]+\.) \| (.+) \|$/gm)].map(([, promise = '', tests = '']) => ({
  promise,
  tests: [...tests.matchAll(/`([^`]+)`: "([^"]+)"/g)].map(([, file = '', title = '']) => ({ file, title })),
}));

it('docs/security.md names a test for each promise', () => {
  expect(promises.length).toBeGreaterThan(20);
  for (const { promise, tests } of promises) expect(tests, promise).not.toEqual([]);
});

it.each(promises.flatMap(({ tests }) => tests))('$file has the test "$title"', ({ file, title }) => {
  expect(existsSync(`${root}/${file}`)).toBe(true);
  const escaped = title.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
  expect(readFileSync(`${root}/${file}`, 'utf8')).toMatch(new RegExp(`['"\`]${escaped}['"\`]`));
});
