import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { createHost } from './host.js';

const read = (file: string) => readFileSync(new URL(`projects/next/${file}`, import.meta.url), 'utf8');

describe('an app of Next.js', () => {
  it('makes images in a route handler, built and started for production', async () => {
    const host = createHost({
      'package.json': JSON.stringify({ private: true }),
      'next.config.mjs': read('next.config.mjs'),
      'app/layout.jsx': read('layout.jsx'),
      'app/api/image/route.js': read('route.js'),
      'ask.mjs': read('ask.mjs'),
    });
    const environment = { NEXT_TELEMETRY_DISABLED: '1' };
    await host.expect('npm', ['install', 'easel', 'next', 'react', 'react-dom']);
    await host.expect('npx', ['next', 'build'], environment);
    expect(await host.expect('node', ['ask.mjs'], environment)).toBe('200 image/png true\n');
  });
});
