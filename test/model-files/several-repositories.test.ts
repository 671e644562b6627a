import { existsSync } from 'node:fs';
import { mkdir, readFile, realpath, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { createRepository } from './hub/repository.js';
import { bundledEntry, openWorld } from './world.js';

const bytesOf = (text: string) => Buffer.from(text.repeat(1000));
const encoder = createRepository('text/encoders', {
  'split/Encoder-Q4.gguf': bytesOf('encoder'),
  'notes.txt': bytesOf('nobody needs this'),
});
const autoencoder = createRepository('image/autoencoder', { 'vae/weights.safetensors': bytesOf('vae') });
const transformers = createRepository('small/transformers', {
  'one-Q4.gguf': bytesOf('one'),
  'two-Q4.gguf': bytesOf('two'),
});
const parts = [
  { repository: 'text/encoders', file: 'split/Encoder-Q4.gguf' },
  { repository: 'image/autoencoder', file: 'vae/weights.safetensors', as: 'ae.safetensors' },
];

/** A machine with two models whose whole versions are large, and whose small ones share their parts. */
async function openSmallWorld() {
  const world = await openWorld([encoder, autoencoder, transformers]);
  await mkdir(join(world.folder, 'catalogue'));
  const { source: _, ...shared } = JSON.parse(await readFile(bundledEntry, 'utf8')) as Record<
    string,
    unknown
  >;
  for (const id of ['one', 'two']) {
    const q4 = { repository: 'small/transformers', file: `${id}-Q4.gguf`, parts, memoryGb: 8 };
    const source = { type: 'hub', repository: `large/${id}`, variants: { q4 } };
    const entry = { ...shared, $schema: undefined, id, licence: 'Apache-2.0', source };
    await writeFile(join(world.folder, 'catalogue', `${id}.json`), JSON.stringify(entry));
  }
  return world;
}

describe('a model of several repositories', () => {
  it('is installed with its parts beside it, those that two models share once', async () => {
    const { hub, easel } = await openSmallWorld();
    const installed = await easel(['models', 'install', 'one', '--variant', 'q4']);
    expect(installed).toMatchObject({ status: 0 });
    expect(installed.stderr).toContain('Apache-2.0');
    const path = installed.stdout.trim();
    expect(path).toMatch(/one-Q4\.gguf$/);
    const beside = (name: string) => readFile(join(dirname(path), name), 'utf8');
    expect(await beside('Encoder-Q4.gguf')).toBe('encoder'.repeat(1000));
    expect(await beside('ae.safetensors')).toBe('vae'.repeat(1000));
    const { models } = JSON.parse((await easel(['models', '--json'])).stdout) as { models: { id: string }[] };
    expect(models.find(({ id }) => id === 'one')).toMatchObject({ installed: true, path });
    expect(models.find(({ id }) => id === 'two')).toMatchObject({ installed: false });

    const before = hub.seen.length;
    expect(await easel(['models', 'install', 'two', '--variant', 'q4'])).toMatchObject({ status: 0 });
    const fetched = hub.seen.slice(before).flatMap(({ file, sentBytes }) => (sentBytes > 0 ? [file] : []));
    expect([...new Set(fetched)]).toEqual(['two-Q4.gguf']);
  });

  it('is verified with its parts, and removed without those that another model has', async () => {
    const { cache, easel } = await openSmallWorld();
    for (const id of ['one', 'two']) await easel(['models', 'install', id, '--variant', 'q4']);
    const snapshot = join(cache, 'models--small--transformers/snapshots', transformers.commit);
    const contents = await realpath(join(snapshot, '.easel/one-Q4.gguf/ae.safetensors'));
    await writeFile(contents, 'damaged');
    const damaged = await easel(['models', 'verify', 'one']);
    expect(damaged).toMatchObject({ status: 1, stdout: 'one: damaged: ae.safetensors\n' });
    expect(existsSync(contents)).toBe(false);
    expect(await easel(['models', 'install', 'one', '--variant', 'q4'])).toMatchObject({ status: 0 });
    expect(await easel(['models', 'verify'])).toMatchObject({ status: 0 });

    expect(await easel(['models', 'remove', 'one'])).toMatchObject({ status: 0 });
    const { models } = JSON.parse((await easel(['models', '--json'])).stdout) as {
      models: { id: string; installed: boolean }[];
    };
    expect(models.find(({ id }) => id === 'one')?.installed).toBe(false);
    expect(models.find(({ id }) => id === 'two')?.installed).toBe(true);
    expect(await easel(['models', 'remove', 'two'])).toMatchObject({ status: 0 });
    for (const name of ['text--encoders', 'image--autoencoder'])
      expect(existsSync(join(cache, `models--${name}`))).toBe(false);
  });

  it('says which variants there are', async () => {
    const { easel } = await openSmallWorld();
    const refused = await easel(['models', 'install', 'one', '--variant', 'q5']);
    expect(refused).toMatchObject({ status: 2 });
    expect(refused.stderr).toContain('fp16, bf16, q4');
  });
});
