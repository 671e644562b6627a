import { existsSync } from 'node:fs';
import { mkdir, readFile, realpath, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import sharp from 'sharp';
import { describe, expect, it } from 'vitest';
import { createRepository, readContents } from './hub/repository.js';
import { bundledEntry, openWorld } from './world.js';

const golden = (relative: string) => fileURLToPath(new URL(`../golden/${relative}`, import.meta.url));
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

/** A machine with a model in a folder, and with one of its files and a LoRA that another repository has. */
async function openFewStepsWorld() {
  const base = createRepository('whole/base', await readContents(golden('d_pipelines/sd_pipeline')));
  const lora = await readFile(golden('g_lora/lora_kohya.safetensors'));
  const world = await openWorld([base, createRepository('few/steps', { 'a/lora.safetensors': lora })]);
  await mkdir(join(world.folder, 'catalogue'));
  const shared = {
    name: 'Tiny',
    pipelineType: 'sd',
    supports: { minimumEdge: 32, maximumEdge: 128, edgeMultiple: 8, images: 1, seed: true, steps: true },
  };
  const source = { type: 'hub', repository: 'whole/base' };
  const parts = [{ repository: 'few/steps', file: 'a/lora.safetensors', as: 'few.safetensors' }];
  const size = { width: 64, height: 64 };
  const entries = [
    { ...shared, id: 'base', source, defaults: { ...size, steps: 20 } },
    {
      ...shared,
      id: 'base-few',
      source: { ...source, parts },
      defaults: { ...size, steps: 2 },
      options: { loras: [{ path: 'part:few.safetensors', weight: 0.6 }] },
    },
  ];
  for (const entry of entries)
    await writeFile(join(world.folder, 'catalogue', `${entry.id}.json`), JSON.stringify(entry));
  return { ...world, lora };
}

describe('a model in a folder with a LoRA of another repository', () => {
  it('paints with it, is what a request for few steps is told of, and leaves the other one whole', async () => {
    const { folder, cache, lora, easel } = await openFewStepsWorld();
    expect(await easel(['models', 'install', 'base-few'])).toMatchObject({ status: 0 });
    expect(await easel(['models', 'verify'])).toMatchObject({ status: 0 });
    let images = 0;
    const paint = async (model: string, ...more: string[]) => {
      const file = `${images++}.png`;
      const words = ['a cat', '--seed', '5', '--steps', '2', '--model', model, '--out', file];
      const { status, stderr } = await easel(['generate', ...words, ...more]);
      expect([status, stderr]).toEqual([0, expect.any(String)]);
      return { stderr, pixels: await sharp(join(folder, file)).raw().toBuffer() };
    };
    const few = await paint('base-few');
    expect(few.stderr).not.toContain('Models for 2');
    const plain = await paint('base');
    expect(plain.stderr).toContain('made for about 20 steps. Models for 2 or so: base-few (2)');
    expect(plain.pixels.equals(few.pixels)).toBe(false);
    await writeFile(join(folder, 'lora.safetensors'), lora);
    const loras = JSON.stringify([{ path: join(folder, 'lora.safetensors'), weight: 0.6 }]);
    const named = await paint('base', '--option', `local-diffusion.loras=${loras}`);
    expect(named.pixels.equals(few.pixels)).toBe(true);

    // What is installed by the name of the repository is the model without the LoRA.
    const again = await easel(['models', 'install', 'whole/base', '--json']);
    expect(JSON.parse(again.stdout)).toMatchObject({ id: 'base' });
    expect(await easel(['models', 'remove', 'base-few'])).toMatchObject({ status: 0 });
    expect(existsSync(join(cache, 'models--few--steps'))).toBe(false);
    const { models } = JSON.parse((await easel(['models', '--json'])).stdout) as {
      models: { id: string; installed: boolean }[];
    };
    const isInstalled = Object.fromEntries(models.map(({ id, installed }) => [id, installed]));
    expect(isInstalled).toMatchObject({ base: true, 'base-few': false });
  });
});
