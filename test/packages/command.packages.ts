import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { createHost } from './host.js';

describe('an empty folder', () => {
  it('is all that `npx easel generate` needs; once it is installed it needs no network', async () => {
    const host = createHost();
    const words = ['easel', 'generate', 'a yellow star', '--seed', '7', '--quiet', '--out'];
    await host.expect('npx', [...words, 'first.png']);
    await host.expect('npx', ['--offline', ...words, 'again.png']);
    expect(readdirSync(host.folder).sort()).toEqual(['again.png', 'first.png']);
    const [first, again] = ['first.png', 'again.png'].map((file) => readFileSync(join(host.folder, file)));
    expect(first?.subarray(1, 4).toString()).toBe('PNG');
    expect(again?.equals(first as Buffer)).toBe(true);
  });
});
