import { existsSync } from 'node:fs';
import { cp, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { HubSource } from '@easel/plugin-sdk';
import { afterAll, beforeAll, describe, expect, it, onTestFinished, vi } from 'vitest';
import { readHubSettings } from '../../core/src/model-files/hub-settings.js';
import { installWhole } from '../../core/src/model-files/install-whole.js';
import { ModelBin } from '../../core/src/model-files/model-bin.js';
import { isInstalled } from '../../core/src/model-files/resolve-source.js';
import { readCatalogue } from '../../core/src/models/catalogue.js';
import { silentLogger } from '../../core/src/observe/plugin-logger.js';
import { HubEmulator } from '../model-files/hub/index.js';
import { createRepository } from '../model-files/hub/repository.js';
import { bundledEntry, bundledModel, modelContents, unetFile } from '../model-files/world.js';
import { jsonOf, startServer, type TestServer } from './server.js';

const plugins = fileURLToPath(new URL('../../plugins', import.meta.url));
const whole = createRepository('easel/Whole', await modelContents());
const small = createRepository('easel/Small', {
  'one-Q4.gguf': Buffer.from('one'.repeat(1000)),
  'two-Q4.gguf': Buffer.from('two'.repeat(1000)),
  'encoder.gguf': Buffer.from('encoder'.repeat(1000)),
});
const closed = createRepository('easel/Closed', await modelContents(), { access: 'gated' });

interface Listed {
  readonly memoryBytes: number;
  readonly freeBytes: number;
  readonly models: { id: string; bytes?: number; variant?: string; removable: boolean }[];
  readonly removed: { id: string; until: string }[];
}

let hub: HubEmulator;
let folder: string;
const cache = () => join(folder, 'hub');

beforeAll(async () => {
  hub = await HubEmulator.start([whole, small, closed]);
  folder = await mkdtemp(join(tmpdir(), 'easel-admin-models-'));
  vi.stubEnv('HF_ENDPOINT', hub.url);
  vi.stubEnv('HF_HOME', folder);
  vi.stubEnv('HF_HUB_CACHE', cache());
  const {
    source: _,
    $schema: __,
    ...shared
  } = JSON.parse(await readFile(bundledEntry, 'utf8')) as object & {
    source: unknown;
    $schema: unknown;
  };
  const variantOf = (name: string, memoryGb: number) => ({
    repository: 'easel/Small',
    file: `${name}-Q4.gguf`,
    parts: [{ repository: 'easel/Small', file: 'encoder.gguf' }],
    memoryGb,
  });
  const variants = { little: variantOf('one', 1), huge: variantOf('two', 1_000_000) };
  await mkdir(join(folder, 'catalogue'));
  for (const [id, source] of Object.entries({
    whole: { type: 'hub', repository: 'easel/Whole', variants },
    closed: { type: 'hub', repository: 'easel/Closed', gated: true },
  }))
    await writeFile(
      join(folder, 'catalogue', `${id}.json`),
      JSON.stringify({ ...shared, id, licence: 'Apache-2.0', source }),
    );
});
afterAll(async () => {
  vi.unstubAllEnvs();
  await hub.close();
  await rm(folder, { recursive: true, force: true, maxRetries: 10 });
});

const start = () => startServer({ catalogueFolders: [join(folder, 'catalogue')], currentModel: 'whole' });
const list = async (server: TestServer) => await jsonOf<Listed>(await server.get('/api/admin/models'));
const find = async (server: TestServer, id: string) =>
  (await list(server)).models.find((model) => model.id === id);
const remove = async (server: TestServer, id: string) =>
  await fetch(`${server.url}/api/admin/models/${id}`, { method: 'DELETE' });

/** Resolves when the model is there. */
async function install(server: TestServer, body: object = {}): Promise<void> {
  expect((await server.post('/api/admin/installs/whole', body)).status).toBe(202);
  await expect
    .poll(async () => {
      const { installs } = await jsonOf<{ installs: { state: string }[] }>(
        await server.get('/api/admin/installs'),
      );
      return installs[0]?.state;
    })
    .toBe('installed');
}

describe('the models that an operator sees', () => {
  it('tell their size, their licence and whether they fit before anything is fetched', async () => {
    const server = await start();
    expect(await find(server, 'whole')).toEqual({
      ...{ id: 'whole', source: 'hub', repository: 'easel/Whole', licence: 'Apache-2.0' },
      ...{ gated: false, removable: false },
    });
    expect(await find(server, 'closed')).toMatchObject({ gated: true });
    const { memoryBytes, freeBytes } = await list(server);
    expect(Math.min(memoryBytes, freeBytes)).toBeGreaterThan(1e6);
    const { versions } = await jsonOf<{ versions: { bytes: number }[] }>(
      await server.get('/api/admin/models/whole/versions'),
    );
    expect(versions).toEqual([
      { repository: 'easel/Whole', bytes: expect.any(Number), missingBytes: versions[0]?.bytes },
      {
        ...{ variant: 'little', repository: 'easel/Small', memoryGb: 1, fits: true },
        ...{ bytes: 10_000, missingBytes: 10_000 },
      },
      {
        ...{ variant: 'huge', repository: 'easel/Small', memoryGb: 1_000_000, fits: false },
        ...{ bytes: 10_000, missingBytes: 10_000 },
      },
    ]);
    expect(hub.seen.some(({ file }) => file === unetFile)).toBe(false);
    const gated = await jsonOf<{ versions: object[] }>(await server.get('/api/admin/models/closed/versions'));
    expect(gated.versions).toEqual([
      { repository: 'easel/Closed', problem: expect.stringMatching(/gated.*HF_TOKEN/) },
    ]);
  });

  it('are removed and had back; deleted when the server stops', async () => {
    const server = await start();
    await install(server, { variant: 'little' });
    expect(await find(server, 'whole')).toMatchObject({ variant: 'little', bytes: 10_000, removable: true });
    const file = join(cache(), 'models--easel--Small');
    const removed = await jsonOf<{ id: string; until: string }>(await remove(server, 'whole'));
    expect(Date.parse(removed.until)).toBeGreaterThan(Date.now());
    expect((await list(server)).removed).toEqual([removed]);
    expect((await remove(server, 'whole')).status).toBe(404);
    expect(await find(server, 'whole')).toMatchObject({ removable: false });
    const asked = hub.seen.length;
    expect((await server.post('/api/admin/models/whole/restore', {})).status).toBe(200);
    expect((await server.post('/api/admin/models/whole/restore', {})).status).toBe(404);
    expect(await find(server, 'whole')).toMatchObject({ variant: 'little', bytes: 10_000, removable: true });
    expect(hub.seen).toHaveLength(asked);

    // What is installed in the place of what was removed is not deleted with it.
    await remove(server, 'whole');
    await install(server, { variant: null });
    expect(existsSync(join(file, 'blobs'))).toBe(false);
    expect(await find(server, 'whole')).toMatchObject({ removable: true });
    await remove(server, 'whole');
    await server.close();
    expect(existsSync(join(cache(), 'models--easel--Whole'))).toBe(false);
    expect(existsSync(join(server.storageFolder, 'removed-models.json'))).toBe(false);
  });

  it('come from a folder, and the entry of one goes and comes back', async () => {
    const server = await startServer({
      pluginFolders: [plugins],
      catalogueFolders: [],
      currentModel: undefined,
    });
    const models = await mkdtemp(join(tmpdir(), 'easel-models-'));
    onTestFinished(() => rm(models, { recursive: true, maxRetries: 10 }));
    await cp(bundledModel, join(models, 'mine'), { recursive: true });
    await writeFile(join(models, 'broken.safetensors'), 'no tensors');
    const { files } = await jsonOf<{ files: object[] }>(
      await server.post('/api/admin/models/import', { path: models }),
    );
    expect(files).toEqual([
      { path: join(models, 'broken.safetensors'), is: 'not known', note: expect.any(String) },
      { path: join(models, 'mine'), is: 'sd', id: 'mine', weights: ['F16'] },
    ]);
    expect(server.manager.getAvailableModels().map(({ id }) => id)).toEqual(['mine']);
    for (const path of ['models', join(models, 'nothing')])
      expect((await server.post('/api/admin/models/import', { path })).status).toBe(400);

    const entry = join(server.storageFolder, 'catalogue', 'mine.json');
    const written = await readFile(entry, 'utf8');
    expect((await remove(server, 'mine')).status).toBe(200);
    expect(existsSync(entry)).toBe(false);
    expect(await find(server, 'mine')).toBeUndefined();
    expect((await server.post('/api/admin/models/mine/restore', {})).status).toBe(200);
    expect(await readFile(entry, 'utf8')).toBe(written);
    expect((await remove(server, 'mine')).status).toBe(200);
    await server.close();
    expect(await readdir(join(server.storageFolder, 'catalogue'))).toEqual([]);
    expect(existsSync(join(models, 'mine', 'model_index.json'))).toBe(true);
  });
});

describe('the bin of models', () => {
  it('is found again after a crash, and deletes what nobody has had back in time', async () => {
    const storageFolder = await mkdtemp(join(tmpdir(), 'easel-bin-'));
    onTestFinished(() => rm(storageFolder, { recursive: true, maxRetries: 10 }));
    const { models } = readCatalogue({
      ...{ givenModels: [], catalogueFolders: [join(folder, 'catalogue')], modelAliases: {} },
    });
    const model = models.get('whole')!;
    const { variants: _, ...source } = model.source as HubSource;
    await installWhole(source, readHubSettings());
    const path = join(cache(), 'models--easel--Whole');
    const open = (undoMs: number) => new ModelBin({ storageFolder, logger: silentLogger, undoMs });
    // Nobody closes it.
    await open(60_000).remove(model);
    expect(isInstalled(model)).toBe(false);

    const next = open(200);
    expect((await next.list()).map((each) => each.model.id)).toEqual(['whole']);
    expect(await next.restore('whole')).toBe(true);
    expect(isInstalled(model)).toBe(true);
    await next.remove(model);
    await expect.poll(() => existsSync(path)).toBe(false);
    await expect.poll(() => next.list()).toEqual([]);
    await next.close();

    // One that was put there anew meanwhile, as by the command, is left alone.
    const last = open(60_000);
    await installWhole(source, readHubSettings());
    await last.remove(model);
    await installWhole(source, readHubSettings());
    await last.close();
    expect(isInstalled(model)).toBe(true);
  });
});
