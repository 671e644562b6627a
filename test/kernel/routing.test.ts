import { fileURLToPath } from 'node:url';
import type { ConfigurationInput } from '@easel/core';
import { describe, expect, it } from 'vitest';
import { createFixtureKernel } from '../fixtures/kernel.js';

const path = (relative: string) => fileURLToPath(new URL(`../fixtures/${relative}`, import.meta.url));

interface Script {
  readonly answers?: string[];
  readonly retryAfterMs?: number;
  readonly delayMs?: number;
}

/** Two plugins handle "shared", alpha before beta; each also handles a type of its own name. */
const createWorld = (alpha: Script, beta: Script = {}, configuration: ConfigurationInput = {}) =>
  createFixtureKernel({
    pluginFolders: [path('routing-plugins')],
    catalogueFolders: [path('routing-catalogue')],
    currentModel: 'shared-model',
    ...configuration,
    plugins: { alpha: { options: { ...alpha } }, beta: { options: { ...beta } } },
  });
const prompt = 'a fixture';
const unavailable = 'ERR_PROVIDER_UNAVAILABLE';

describe('candidates', () => {
  it('of the highest priority are asked first, the next one where it cannot', async () => {
    const manager = createWorld({ answers: ['ok', unavailable] });
    expect((await manager.generateImage({ prompt })).provenance.plugin.id).toBe('alpha');
    const { provenance } = await manager.generateImage({ prompt });
    expect(provenance.plugin.id).toBe('beta');
    expect(provenance.attempts.map(({ plugin, outcome }) => [plugin, outcome])).toEqual([
      ['alpha', unavailable],
      ['beta', 'ok'],
    ]);
  });

  it.each(['ERR_REQUEST_INVALID', 'ERR_CONTENT_REFUSED', 'ERR_PROVIDER_AUTH'])(
    'are not gone through after %s',
    async (code) => {
      const manager = createWorld({ answers: [code] });
      await expect(manager.generateImage({ prompt })).rejects.toMatchObject({ code, plugin: 'alpha' });
    },
  );

  it('are not gone through where the request forbids it', async () => {
    const manager = createWorld({ answers: [unavailable] });
    await expect(manager.generateImage({ prompt, fallback: 'none' })).rejects.toMatchObject({
      code: unavailable,
    });
  });

  it('whose circuit is open are asked last', async () => {
    const manager = createWorld({ answers: [unavailable] });
    for (let call = 0; call < 3; call++) await manager.generateImage({ prompt });
    const { provenance } = await manager.generateImage({ prompt });
    expect(provenance.attempts.map(({ plugin }) => plugin)).toEqual(['beta']);
    expect(manager.getServiceHealth().plugins.find(({ id }) => id === 'alpha')?.breakers).toMatchObject({
      shared: 'open',
      alpha: 'closed',
    });
  });

  it('whose provider asked for a pause are left alone until it is over', async () => {
    const manager = createWorld({ answers: ['ERR_PROVIDER_RATE_LIMITED', 'ok'], retryAfterMs: 300 });
    const pluginsAsked = async () =>
      (await manager.generateImage({ prompt })).provenance.attempts.map(({ plugin }) => plugin);
    expect(await pluginsAsked()).toEqual(['alpha', 'beta']);
    expect(await pluginsAsked()).toEqual(['beta']);
    await new Promise((resolve) => setTimeout(resolve, 320));
    expect(await pluginsAsked()).toEqual(['alpha']);
  });
});

describe('an explanation', () => {
  it('tells who would be asked, in their order, and what speaks against whom', async () => {
    const manager = createWorld({ answers: [unavailable] });
    const told = () =>
      manager.explain({ prompt }).map(({ plugin, priority, obstacle }) => [plugin, priority, obstacle]);
    expect(told()).toEqual([
      ['alpha', 10, undefined],
      ['beta', 0, undefined],
    ]);
    for (let call = 0; call < 3; call++) await manager.generateImage({ prompt });
    expect(told()).toEqual([
      ['beta', 0, undefined],
      ['alpha', 10, 'its circuit is open'],
    ]);
    expect(manager.getServiceHealth().plugins.map(({ inFlight }) => inFlight)).toEqual([0, 0]);
    expect(() => manager.explain({ prompt, model: 'nothing' })).toThrow(/There is no model/);
  });
});

describe('retries', () => {
  it('go through the candidates again, as often as the budget allows', async () => {
    const manager = createWorld({ answers: [unavailable, 'ok'] }, { answers: [unavailable] });
    const { provenance } = await manager.generateImage({ prompt });
    expect(provenance.attempts.map(({ plugin, outcome }) => [plugin, outcome])).toEqual([
      ['alpha', unavailable],
      ['beta', unavailable],
      ['alpha', 'ok'],
    ]);
  });

  it('wait for as long as the provider asked', async () => {
    const manager = createWorld({ answers: ['ERR_PROVIDER_RATE_LIMITED', 'ok'], retryAfterMs: 200 });
    const startedAt = performance.now();
    await manager.generateImage({ prompt, model: 'alpha-model' });
    expect(performance.now() - startedAt).toBeGreaterThanOrEqual(199);
  });

  it('end with the budget, and with the deadline', async () => {
    const none = createWorld({ answers: [unavailable] }, {}, { retries: 0 });
    await expect(none.generateImage({ prompt, model: 'alpha-model' })).rejects.toMatchObject({
      code: unavailable,
    });
    const slow = createWorld({ answers: ['ERR_PROVIDER_RATE_LIMITED'], retryAfterMs: 60_000 });
    await expect(slow.generateImage({ prompt, model: 'alpha-model', timeoutMs: 200 })).rejects.toMatchObject({
      code: 'ERR_DEADLINE',
    });
  });

  it('are not spent on what went wrong in a plugin itself', async () => {
    const manager = createWorld({ answers: ['ERR_PLUGIN_FAILED', 'ok'] });
    await expect(manager.generateImage({ prompt, model: 'alpha-model' })).rejects.toMatchObject({
      code: 'ERR_PLUGIN_FAILED',
    });
  });
});

describe('another model', () => {
  const chain = { fallbacks: { 'alpha-model': ['beta-model'] } };

  it('takes over where the request allows it, and the result says so', async () => {
    const manager = createWorld({ answers: [unavailable] }, {}, { ...chain, retries: 0 });
    const { provenance, warnings } = await manager.generateImage({
      prompt,
      model: 'alpha-model',
      negativePrompt: 'x',
      fallback: 'any',
    });
    expect(provenance).toMatchObject({ model: 'beta-model', plugin: { id: 'beta' } });
    expect(warnings.map(({ parameter }) => parameter)).toEqual(['negativePrompt', 'model']);
    await expect(manager.generateImage({ prompt, model: 'alpha-model' })).rejects.toMatchObject({
      code: unavailable,
    });
  });

  it('is not asked for what it cannot do', async () => {
    const manager = createWorld({ answers: [unavailable] }, {}, { ...chain, retries: 0 });
    await expect(
      manager.generateImage({ prompt, model: 'alpha-model', n: 2, fallback: 'any' }),
    ).rejects.toMatchObject({ code: unavailable });
  });
});

describe('plugins of one priority', () => {
  it('share the calls by their weight', async () => {
    const manager = createWorld({ delayMs: 100 }, { delayMs: 100 });
    const calls = Array.from({ length: 8 }, () => manager.generateImage({ prompt, model: 'equal-model' }));
    const ids = (await Promise.all(calls)).map(({ provenance }) => provenance.plugin.id);
    expect(ids.filter((id) => id === 'alpha')).toHaveLength(6);
    expect(ids.filter((id) => id === 'beta')).toHaveLength(2);
  });
});
