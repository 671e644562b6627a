import { readdirSync, readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { configurationSchema } from '../../core/src/config/configuration.js';
import { root } from './page.js';

/** What the first cells of the tables below a heading name, in their order. */
function named(page: string, heading: string): string[] {
  const section = readFileSync(`${root}/${page}`, 'utf8')
    .split(/^(?=## )/m)
    .find((text) => (heading === '' ? !text.startsWith('## ') : text.startsWith(`## ${heading}\n`)));
  const cells = [...(section ?? '').matchAll(/^\| ([^|]+) \|/gm)].map(([, cell = '']) => cell);
  return cells.flatMap((cell) => [...cell.matchAll(/`([^`]+)`/g)].map(([, name = '']) => name));
}

const { server, plugins, ...others } = configurationSchema.shape;

it('docs/configuration.md describes every setting once, and no other', () => {
  const ofPlugins = Object.keys(plugins.unwrap().valueType.shape).map((name) => `plugins.<id>.${name}`);
  // A plugin has the same settings under the name of its package.
  const expected = [...Object.keys(others), ...ofPlugins, 'plugins.<package or path>', 'server'];
  const found = named('docs/configuration.md', '').map((name) =>
    name.replace('fallbacks.<model>', 'fallbacks'),
  );
  expect(found.sort()).toEqual(expected.sort());
});

it('docs/configuration.md describes every setting of the server once, and no other', () => {
  expect(named('docs/configuration.md', 'The server').sort()).toEqual(
    Object.keys(server.unwrap().shape).sort(),
  );
});

/** Names that the sources of core have, by a pattern with one group. */
const namesIn = (folder: string, pattern: RegExp): string[] => {
  const files = readdirSync(`${root}/core/src/${folder}`, { recursive: true, encoding: 'utf8' });
  const texts = files
    .filter((name) => name.endsWith('.ts'))
    .map((name) => readFileSync(`${root}/core/src/${folder}/${name}`, 'utf8'));
  return [...new Set(texts.flatMap((text) => [...text.matchAll(pattern)].map(([, name = '']) => name)))];
};

it('docs/command-line.md names every environment variable that Easel reads', () => {
  const read = namesIn('.', /\b(?:env|environment)\.([A-Z_]+)/g).filter((name) => name !== 'PATH');
  expect(read).toContain('EASEL_STORAGE');
  const found = named('docs/command-line.md', 'Environment variables');
  expect(read.filter((name) => !found.includes(name))).toEqual([]);
});

it('docs/http-api.md names every header of an answer that says something of its own', () => {
  const sent = namesIn(
    'http',
    /'((?:easel|x-(?:ratelimit|request|should))-[a-z-]+|retry-after|www-authenticate|location)'/g,
  );
  expect(sent).toContain('easel-job');
  const found = named('docs/http-api.md', 'Headers').map((name) => name.toLowerCase());
  expect(sent.filter((name) => !found.includes(name))).toEqual([]);
});
