import { fileURLToPath } from 'node:url';
import type { ConfigurationInput } from '@easel/core';
import { describe, expect, it } from 'vitest';
import { createFixtureKernel } from '../fixtures/kernel.js';

const path = (relative: string) => fileURLToPath(new URL(`../fixtures/${relative}`, import.meta.url));

/** Four plugins have the model "drawing": here costs nothing, cheap and dear tell a price, unpriced none. */
const createWorld = (plugins: ConfigurationInput['plugins'] = {}) =>
  createFixtureKernel({
    pluginFolders: [path('money-plugins')],
    catalogueFolders: [path('money-catalogue')],
    currentModel: 'dear-drawing',
    retries: 0,
    plugins: {
      here: { enabled: false },
      cheap: { options: { estimate: 0.01, cost: 0.008 } },
      dear: { options: { estimate: 0.04, cost: 0.03 } },
      ...plugins,
    },
  });
const prompt = 'a boat';
const drawing = { prompt, model: 'drawing' };

describe('a request for what several models have in common', () => {
  it('goes to any of them, and to the next where one fails', async () => {
    const manager = createWorld({ cheap: { options: { fails: 'ERR_PROVIDER_UNAVAILABLE' } } });
    const { provenance, warnings } = await manager.generateImage(drawing);
    expect(provenance.attempts.map(({ plugin, outcome }) => [plugin, outcome])).toEqual([
      ['cheap', 'ERR_PROVIDER_UNAVAILABLE'],
      ['dear', 'ok'],
    ]);
    expect(warnings).toEqual([]);
    expect(manager.getAvailableModels().map(({ sameAs }) => sameAs)).toContain('drawing');
  });

  it('goes to that one alone which it names by its own id', async () => {
    const manager = createWorld();
    const told = await manager.explain({ prompt, model: 'dear-drawing' });
    expect(told.map(({ plugin }) => plugin)).toEqual(['dear']);
    const { provenance, warnings } = await manager.generateImage({ prompt, prefer: 'cheapest' });
    expect(provenance.model).toBe('cheap-drawing');
    expect(warnings.map(({ message }) => message)).toEqual([
      '"cheap-drawing" was used in place of "dear-drawing".',
    ]);
  });
});

describe('prefer', () => {
  it('cheapest goes by the estimates of the plugins, and explain tells them', async () => {
    const manager = createWorld();
    const cheapest = { ...drawing, prefer: 'cheapest' as const, n: 2 };
    const told = await manager.explain(cheapest);
    expect(told.map(({ plugin, estimate, reason }) => [plugin, estimate?.amount, reason])).toEqual([
      ['cheap', 0.02, 'it would cost about 0.02 USD'],
      ['dear', 0.08, 'it would cost about 0.08 USD'],
      ['unpriced', undefined, 'its price is not known'],
    ]);
    const { provenance, cost, warnings } = await manager.generateImage(cheapest);
    expect([provenance.plugin.id, cost?.amount, warnings]).toEqual(['cheap', 0.016, []]);
  });

  it('local goes to whoever costs nothing', async () => {
    const manager = createWorld({ here: {} });
    const local = { ...drawing, prefer: 'local' as const };
    expect((await manager.generateImage(local)).provenance.plugin.id).toBe('here');
    expect((await manager.explain(local))[0]).toMatchObject({ plugin: 'here', reason: 'it costs nothing' });
    const paid = await createWorld().generateImage(local);
    expect(paid.warnings).toMatchObject([{ parameter: 'prefer', message: /costs money/ }]);
  });

  it('fastest goes by what was measured', async () => {
    const manager = createWorld({ cheap: { options: { delayMs: 150 } } });
    const fastest = { ...drawing, prefer: 'fastest' as const };
    expect((await manager.explain(fastest)).every(({ medianMs }) => medianMs === undefined)).toBe(true);
    for (const model of ['cheap-drawing', 'dear-drawing'])
      for (let call = 0; call < 3; call++) await manager.generateImage({ prompt, model });
    const told = await manager.explain(fastest);
    expect(told.map(({ plugin }) => plugin)).toEqual(['dear', 'cheap', 'unpriced']);
    expect(told[1]?.medianMs).toBeGreaterThanOrEqual(150);
    expect(told[2]?.reason).toBe('nobody has measured it yet');
    expect((await manager.generateImage(fastest)).provenance.plugin.id).toBe('dear');
  });
});

describe('maxCost', () => {
  it('keeps a call from whoever would cost more, or does not tell', async () => {
    const manager = createWorld();
    const { provenance } = await manager.generateImage({ ...drawing, maxCost: 0.02 });
    expect(provenance.attempts.map(({ plugin }) => plugin)).toEqual(['cheap']);
    const told = await manager.explain({ ...drawing, maxCost: 0.02 });
    expect(told.map(({ plugin, obstacle }) => [plugin, obstacle])).toEqual([
      ['cheap', undefined],
      ['dear', 'it would cost about 0.04 USD, and maxCost is 0.02 USD'],
      ['unpriced', 'its price is not known, and maxCost is given'],
    ]);
  });

  it('that nobody keeps to is ERR_BUDGET, and nobody is asked', async () => {
    const manager = createWorld();
    const attempts: string[] = [];
    manager.on('attempt-ended', ({ plugin }) => attempts.push(plugin));
    await expect(manager.generateImage({ ...drawing, maxCost: 0.001 })).rejects.toMatchObject({
      code: 'ERR_BUDGET',
      field: 'maxCost',
      retryable: false,
      message: expect.stringContaining('dear (dear-drawing): it would cost about 0.04 USD'),
    });
    expect(attempts).toEqual([]);
  });

  it('of nothing leaves those that cost nothing', async () => {
    const manager = createWorld({ here: {} });
    const { provenance } = await manager.generateImage({ ...drawing, maxCost: 0, prefer: 'fastest' });
    expect(provenance.plugin.id).toBe('here');
  });
});
