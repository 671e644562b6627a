import { execFile } from 'node:child_process';
import { access, mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { configurationSchema, createImageServiceManager } from '@easel/core';
import { createServer } from '@easel/core/server';
import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const root = fileURLToPath(new URL('../../', import.meta.url));
const run = promisify(execFile);
let folder: string;
let readme: string;

/** A new user's folder with the README's files in it, and Easel installed. */
beforeAll(async () => {
  readme = await readFile(join(root, 'README.md'), 'utf8');
  folder = await mkdtemp(join(tmpdir(), 'easel-readme-'));
  await symlink(join(root, 'node_modules'), join(folder, 'node_modules'));
  for (const [, name = '', text = ''] of readme.matchAll(/<!-- file: (\S+) -->\n```\w+\n([\s\S]*?)```/g)) {
    await mkdir(dirname(join(folder, name)), { recursive: true });
    await writeFile(join(folder, name), text);
  }
});
afterAll(() => rm(folder, { recursive: true, force: true }));

describe("the README's own words", () => {
  it('embed the kernel in ten lines', async () => {
    const { stdout } = await run(process.execPath, ['embed.mjs'], { cwd: folder });
    expect(stdout).toMatch(/generate \d+ %/);
    expect(stdout).toMatch(/local-diffusion \[\]\n$/);
    for (const seed of [7, 8]) {
      expect(await sharp(join(folder, `boat-${seed}.png`)).metadata()).toMatchObject({
        format: 'png',
        width: 96,
        height: 96,
      });
    }
  });

  it('write a provider in one file, and use it without touching core', async () => {
    const { stdout } = await run(
      process.execPath,
      [join(root, 'core/bin/easel.js'), 'generate', '#2a9d8f', '--model', 'swatch'],
      { cwd: folder },
    );
    const picture = stdout.trim().split('\n').at(-1) as string;
    const { data } = await sharp(join(folder, picture)).raw().toBuffer({ resolveWithObject: true });
    expect([...data.subarray(0, 3)]).toEqual([0x2a, 0x9d, 0x8f]);
  });

  it('configure it', () => {
    const [, text = ''] = /## Configure[\s\S]*?```json\n([\s\S]*?)```/.exec(readme) ?? [];
    expect(configurationSchema.safeParse(JSON.parse(text)).success).toBe(true);
  });

  it('ask the server by curl', async () => {
    const [, script = ''] = /<!-- run against the server -->\n```sh\n([\s\S]*?)```/.exec(readme) ?? [];
    const storageFolder = join(folder, 'kept');
    const manager = createImageServiceManager({ environment: {}, configuration: { storageFolder } });
    const server = await createServer({ manager });
    try {
      const url = await server.listen({ host: '127.0.0.1', port: 0 });
      const { stdout } = await run('bash', [
        // No pipefail: curl may still be writing when `head` has seen enough.
        '-eu',
        '-c',
        script.replaceAll('http://127.0.0.1:8190', url),
      ]);
      expect(stdout).toMatch(/^\{"created":\d+,"size":"96x96"/);
      expect(stdout).toMatch(/"image_path":".*kept.results/);
      expect(stdout).toMatch(/HTTP\/1.1 202 Accepted[\s\S]*location: \/api\/images\/jobs\//i);
      expect(stdout).toMatch(/\{"jobs":\[\{/);
      expect(stdout).toMatch(/"status":"ok"/);
    } finally {
      await server.close();
      await manager.close();
    }
  });

  it('point to files that exist', async () => {
    const links = [...readme.matchAll(/\]\(([^)#:]+)\)/g)].map(([, link]) => link as string);
    expect(links.length).toBeGreaterThan(5);
    for (const link of links) await access(join(root, link));
  });
});
