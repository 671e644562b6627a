import { fileURLToPath } from 'node:url';
import type { ConfigurationInput, KernelOptions } from '@easel/core';
import { describe, expect, it } from 'vitest';
import { createFixtureKernel } from '../fixtures/kernel.js';

const path = (relative: string) => fileURLToPath(new URL(`../fixtures/${relative}`, import.meta.url));

interface Script {
  readonly answers?: string[];
  readonly retryAfterMs?: number;
  readonly delayMs?: number;
  readonly mayBePaid?: boolean;
}

/** Two plugins handle "shared", alpha before beta; each also handles a type of its own name. */
const createWorld = (
  alpha: Script,
  beta: Script = {},
  configuration: ConfigurationInput = {},
  options: Pick<KernelOptions, 'now'> = {},
) =>
  createFixtureKernel(
    {
      pluginFolders: [path('routing-plugins')],
      catalogueFolders: [path('routing-catalogue')],
      currentModel: 'shared-model',
      ...configuration,
      plugins: { alpha: { options: { ...alpha } }, beta: { options: { ...beta } } },
    },
    options,
  );
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

  it.each(['ERR_PROVIDER_BAD_RESPONSE', 'ERR_DEADLINE', 'ERR_PLUGIN_FAILED'])(
    'are not gone through, and not asked again, after %s of a call that may have been paid',
    async (code) => {
      const manager = createWorld({ answers: [code, 'ok'], mayBePaid: true }, {}, { retries: 2 });
      const attempts: unknown[] = [];
      manager.on('attempt-ended', ({ plugin }) => attempts.push(plugin));
      const error: unknown = await manager.generateImage({ prompt }).catch((thrown: unknown) => thrown);
      expect(error).toMatchObject({ code, plugin: 'alpha', mayBePaid: true, retryable: false });
      expect(attempts).toEqual(['alpha']);
    },
  );

  it('other than the one that may have been paid are not asked where that one is asked again', async () => {
    const manager = createWorld({ answers: [unavailable, 'ok'], mayBePaid: true });
    const { provenance } = await manager.generateImage({ prompt });
    expect(provenance.attempts.map(({ plugin, outcome }) => [plugin, outcome])).toEqual([
      ['alpha', unavailable],
      ['alpha', 'ok'],
    ]);
  });

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
    let now = 0;
    const limited = { answers: ['ERR_PROVIDER_RATE_LIMITED', 'ok'], retryAfterMs: 60_000 };
    const manager = createWorld(limited, {}, {}, { now: () => now });
    const pluginsAsked = async () =>
      (await manager.generateImage({ prompt })).provenance.attempts.map(({ plugin }) => plugin);
    expect(await pluginsAsked()).toEqual(['alpha', 'beta']);
    expect(await pluginsAsked()).toEqual(['beta']);
    now = 60_001;
    expect(await pluginsAsked()).toEqual(['alpha']);
  });
});

describe('an explanation', () => {
  it('tells who would be asked, in their order, and what speaks against whom', async () => {
    const manager = createWorld({ answers: [unavailable] });
    const told = async () =>
      (await manager.explain({ prompt })).map(({ plugin, priority, obstacle }) => [
        plugin,
        priority,
        obstacle,
      ]);
    expect(await told()).toEqual([
      ['alpha', 10, undefined],
      ['beta', 0, undefined],
    ]);
    for (let call = 0; call < 3; call++) await manager.generateImage({ prompt });
    expect(await told()).toEqual([
      ['beta', 0, undefined],
      ['alpha', 10, 'its circuit is open'],
    ]);
    expect(manager.getServiceHealth().plugins.map(({ inFlight }) => inFlight)).toEqual([0, 0]);
    await expect(manager.explain({ prompt, model: 'nothing' })).rejects.toThrow(/There is no model/);
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
    const startedAt = performance.now();
    const refused = slow.generateImage({ prompt, model: 'alpha-model', timeoutMs: 50_000 });
    await expect(refused).rejects.toMatchObject({ code: 'ERR_PROVIDER_RATE_LIMITED', retryAfterMs: 60_000 });
    // A pause that is longer than the call may last is not waited for.
    expect(performance.now() - startedAt).toBeLessThan(20_000);
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
  /** Numbers from 0 up to 1 that repeat with each run (the additive recurrence of the golden ratio). */
  const evenly = () => {
    let last = 0;
    return () => {
      last = (last + 0.618_033_988_749_895) % 1;
      return last;
    };
  };
  const plugins = { alpha: { options: {} }, beta: { options: {} } };
  const configuration = {
    pluginFolders: [path('routing-plugins')],
    catalogueFolders: [path('routing-catalogue')],
    currentModel: 'equal-model',
  };
  const countOf = (ids: readonly string[], id: string) => ids.filter((other) => other === id).length;

  it('share the calls by their weight while nobody has to wait', async () => {
    const manager = createFixtureKernel({ ...configuration, plugins }, { random: evenly() });
    const ids: string[] = [];
    for (let call = 0; call < 200; call++)
      ids.push((await manager.generateImage({ prompt })).provenance.plugin.id);
    expect(countOf(ids, 'alpha')).toBeGreaterThan(140);
    expect(countOf(ids, 'beta')).toBeGreaterThan(40);
  });

  it('are given fewer calls the longer theirs take', async () => {
    const slow = { ...plugins, alpha: { options: { delayMs: 200 } }, beta: { options: { delayMs: 5 } } };
    const manager = createFixtureKernel({ ...configuration, plugins: slow }, { random: evenly() });
    const ids: string[] = [];
    const askOften = async () => {
      for (let call = 0; call < 20; call++)
        ids.push((await manager.generateImage({ prompt })).provenance.plugin.id);
    };
    await Promise.all(Array.from({ length: 8 }, askOften));
    // By its weight it would have a quarter.
    expect(countOf(ids, 'beta')).toBeGreaterThan(60);
  });
});

describe('a plugin that cannot do all that its type can', () => {
  const seeded = { prompt, seed: 7 };
  const createLimited = (cannot: string) =>
    createFixtureKernel({
      pluginFolders: [path('routing-plugins')],
      catalogueFolders: [path('routing-catalogue')],
      currentModel: cannot,
      retries: 0,
    });

  it('is not asked for what it cannot, and the others are', async () => {
    const manager = createLimited('partial-model');
    expect((await manager.generateImage({ prompt })).provenance.plugin.id).toBe('alpha');
    expect((await manager.generateImage(seeded)).provenance.plugin.id).toBe('beta');
    expect((await manager.explain(seeded)).map(({ plugin, obstacle }) => [plugin, obstacle])).toEqual([
      ['beta', undefined],
      ['alpha', 'it cannot do this: seed'],
    ]);
  });

  it('is the reason of a refusal where there is nobody else', async () => {
    const manager = createLimited('partial-model');
    await manager.disablePlugin('beta');
    await expect(manager.generateImage(seeded)).rejects.toMatchObject({
      code: 'ERR_REQUEST_INVALID',
      message: expect.stringContaining('alpha: it cannot do this: seed'),
    });
  });

  it('is asked for what the model does not have either, which is dropped with a warning', async () => {
    const manager = createFixtureKernel({
      pluginFolders: [path('routing-plugins')],
      catalogueFolders: [path('routing-catalogue')],
      currentModel: 'plain-model',
      retries: 0,
    });
    const asked = { prompt, seed: 7, sampler: 'euler', negativePrompt: 'a dog' };
    const { warnings, provenance } = await manager.generateImage(asked);
    expect(provenance.plugin.id).toBe('alpha');
    expect(warnings.map(({ code, parameter }) => [code, parameter])).toEqual([
      ['parameter-dropped', 'negativePrompt'],
      ['parameter-dropped', 'sampler'],
      ['parameter-dropped', 'seed'],
    ]);
    expect((await manager.generateImage({ prompt, negativePrompt: '' })).warnings).toEqual([]);
  });
});
