import { copyFileSync, mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { createHost } from './host.js';

const pluginsSchema = z.object({ plugins: z.array(z.object({ id: z.string() })) });

describe('a project of pnpm', () => {
  it('has all plugins of easel, and one in a plain folder that makes images with its SDK', async () => {
    const host = createHost({ 'package.json': JSON.stringify({ private: true }) });
    const path = (...parts: string[]) => join(host.folder, ...parts);
    const easel = (...words: string[]) => host.expect(path('node_modules/.bin/easel'), words);
    await host.expect('npx', ['pnpm@10', 'add', 'easel']);
    const { plugins } = pluginsSchema.parse(JSON.parse(await easel('plugins', '--own-kernel', '--json')));
    expect(plugins.map(({ id }) => id)).toEqual(
      expect.arrayContaining(['gemini', 'local-diffusion', 'openai']),
    );

    await easel('plugins', 'new', 'painter');
    mkdirSync(path('models/catalogue'), { recursive: true });
    copyFileSync(path('plugins/painter/model.json'), path('models/catalogue/painter.json'));
    await easel('generate', 'anything', '--model', 'painter', '--out', 'made.png', '--quiet');
    expect(readFileSync(path('made.png')).subarray(1, 4).toString()).toBe('PNG');
  });
});
