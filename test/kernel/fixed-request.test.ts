import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { ConfigurationInput } from '@easel/core';
import { EaselError } from '@easel/plugin-sdk';
import { describe, expect, it, onTestFinished } from 'vitest';
import { createFixtureKernel } from '../fixtures/kernel.js';

const path = (relative: string) => fileURLToPath(new URL(`../fixtures/${relative}`, import.meta.url));
const prompt = 'a fixture';
const asJson = <T>(value: T): T => JSON.parse(JSON.stringify(value)) as T;

/** Two equal plugins for one model. */
const createWorld = (
  options: Record<string, { answers: string[] }> = {},
  configuration: ConfigurationInput = {},
) =>
  createFixtureKernel({
    pluginFolders: [path('routing-plugins')],
    catalogueFolders: [path('routing-catalogue')],
    currentModel: 'equal-model',
    retries: 0,
    ...configuration,
    plugins: Object.fromEntries(Object.entries(options).map(([id, own]) => [id, { options: own }])),
  });

describe('a fixed request', () => {
  it('keeps its model and its seed when both change', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'easel-fixed-'));
    onTestFinished(() => rm(folder, { recursive: true, force: true, maxRetries: 10 }));
    const entry = JSON.parse(await readFile(`${path('catalogue')}/steady.json`, 'utf8')) as {
      defaults: object;
    };
    const catalogue = { catalogueFolders: [folder] };
    await writeFile(join(folder, 'steady.json'), JSON.stringify(entry));
    const fixed = asJson(await createFixtureKernel(catalogue).fixRequest({ prompt }));
    expect(fixed.model.id).toBe('steady-one');

    const other = { ...entry, defaults: { ...entry.defaults, width: 128, height: 128 } };
    await writeFile(join(folder, 'steady.json'), JSON.stringify(other));
    await writeFile(join(folder, 'another.json'), JSON.stringify({ ...other, id: 'another' }));
    const changed = createFixtureKernel({ ...catalogue, currentModel: 'another' });
    const tries = [];
    for (let count = 0; count < 2; count++)
      tries.push((await changed.generateImage({ prompt }, { requestId: 'one', fixed })).provenance);
    for (const { model, parameters } of tries) {
      expect(model).toBe('steady-one');
      expect(parameters).toMatchObject({ seed: fixed.seed, width: fixed.model.defaults.width });
    }
    expect((await changed.generateImage({ prompt })).provenance).toMatchObject({
      model: 'another',
      parameters: { width: 128 },
    });
  });

  it('is refused where the request is', async () => {
    const manager = createFixtureKernel();
    await expect(manager.fixRequest({ prompt, model: 'nobody' })).rejects.toThrow(/no model "nobody"/);
    await expect(manager.fixRequest({ prompt: '' })).rejects.toThrow(/prompt/);
  });
});

describe('whoever keeps a call', () => {
  it.each(['alpha', 'beta'])('may have %s asked first, also where nobody else may follow', async (plugin) => {
    const manager = createWorld();
    const askFirst = { plugin, model: 'equal-model' };
    for (let call = 0; call < 20; call++) {
      const { provenance } = await manager.generateImage({ prompt, fallback: 'none' }, { askFirst });
      expect(provenance.plugin.id).toBe(plugin);
    }
  });

  it('is told of each plugin before it is asked', async () => {
    const manager = createWorld(
      { alpha: { answers: ['ERR_PLUGIN_FAILED'] }, beta: { answers: ['ERR_PLUGIN_FAILED'] } },
      { currentModel: 'shared-model' },
    );
    const told: string[] = [];
    manager.on('attempt-ended', ({ plugin }) => told.push(`${plugin} has ended`));
    const beforeAsking = async ({ plugin, model }: { plugin: string; model: string }) => {
      await new Promise((resolve) => setImmediate(resolve));
      told.push(`${plugin} for ${model}`);
    };
    await expect(manager.generateImage({ prompt }, { beforeAsking })).rejects.toMatchObject({
      code: 'ERR_PLUGIN_FAILED',
    });
    expect(told).toEqual([
      'alpha for shared-model',
      'alpha has ended',
      'beta for shared-model',
      'beta has ended',
    ]);
  });

  it('can keep a plugin from being asked', async () => {
    const manager = createWorld();
    const asked: string[] = [];
    manager.on('attempt-ended', ({ plugin }) => asked.push(plugin));
    const error = new EaselError({ code: 'ERR_STORAGE', message: 'It could not be written down.' });
    const beforeAsking = () => Promise.reject(error);
    await expect(manager.generateImage({ prompt }, { beforeAsking })).rejects.toBe(error);
    expect(asked).toEqual([]);
  });
});
