/**
 * Crashes that follow what one caller asks for: they are held against the request, and then against the
 * caller, before they are held against the plugin, which everybody else needs.
 *
 * @module
 */
import { describe, expect, it } from 'vitest';
import { Quarantine } from '../../core/src/kernel/supervisor/quarantine.js';
import { createFixtureKernel, misbehave } from '../fixtures/kernel.js';

const stateOf = (manager: ReturnType<typeof createFixtureKernel>) =>
  manager.getServiceHealth().plugins.find(({ id }) => id === 'chaos')?.state;
const crashing = (prompt: string) => ({ ...misbehave('exit', 20_000), prompt });
const well = { ...misbehave('none', 20_000), prompt: 'well' };

describe('a request that a plugin crashes by', () => {
  it('is refused the third time, with another seed and for other callers too, and others are served', async () => {
    const manager = createFixtureKernel();
    for (const caller of ['one', 'other'])
      await expect(manager.generateImage(crashing('x'), { caller })).rejects.toMatchObject({
        code: 'ERR_PLUGIN_CRASHED',
      });
    await expect(
      manager.generateImage({ ...crashing('x'), seed: 77 }, { caller: 'third' }),
    ).rejects.toMatchObject({
      code: 'ERR_REQUEST_INVALID',
      fault: 'caller',
      message: expect.stringMatching(
        /crashed 2 times over this request; it is refused for another 10 minutes/,
      ),
    });
    expect((await manager.generateImage(well)).images).toHaveLength(1);
    expect(stateOf(manager)).toBe('ready');
    await manager.enablePlugin('chaos');
    await expect(manager.generateImage(crashing('x'))).rejects.toMatchObject({ code: 'ERR_PLUGIN_CRASHED' });
  });
});

describe('a caller whose requests a plugin crashes by', () => {
  it('is refused after three of them, and does not take the plugin away from others', async () => {
    const manager = createFixtureKernel({ plugins: { chaos: { breaker: { minimumCalls: 10_000 } } } });
    for (const prompt of ['a', 'b', 'c'])
      await expect(manager.generateImage(crashing(prompt), { caller: 'mallory' })).rejects.toMatchObject({
        code: 'ERR_PLUGIN_CRASHED',
      });
    await expect(manager.generateImage(well, { caller: 'mallory' })).rejects.toMatchObject({
      code: 'ERR_REQUEST_INVALID',
      message: expect.stringContaining('requests of this caller'),
    });
    expect((await manager.generateImage(well, { caller: 'alice' })).images).toHaveLength(1);
  });
});

describe('a quarantine', () => {
  it('is over after pauses that double, up to an hour, and begins anew when it is forgotten', () => {
    let now = 0;
    const quarantine = new Quarantine(() => now);
    const minutes: number[] = [];
    for (let round = 0; round < 8; round++) {
      quarantine.begin(() => {});
      minutes.push(quarantine.leftMs / 60_000);
      now += quarantine.leftMs;
      expect([quarantine.leftMs, quarantine.isOnProbation]).toEqual([0, true]);
    }
    expect(minutes).toEqual([1, 2, 4, 8, 16, 32, 60, 60]);
    now += 60 * 60_000;
    expect(quarantine.isOnProbation).toBe(false);
    quarantine.begin(() => {});
    expect(quarantine.leftMs).toBe(60_000);
    quarantine.forget();
    expect([quarantine.leftMs, quarantine.isOnProbation]).toEqual([0, false]);
  });

  it('ends by itself: the plugin is tried when its time is up', async () => {
    let now = 0;
    const manager = createFixtureKernel({}, { now: () => performance.now() + now });
    const told: string[] = [];
    manager.on('plugin-quarantined', ({ error }) =>
      told.push(`${error?.code} ${(error?.retryAfterMs ?? 0) > 59_000}`),
    );
    for (const prompt of ['a', 'b', 'c']) await manager.generateImage(crashing(prompt)).catch(() => {});
    expect(stateOf(manager)).toBe('quarantined');
    const health = manager.getServiceHealth().plugins.find(({ id }) => id === 'chaos');
    expect(health?.quarantinedForMs).toBeGreaterThan(59_000);
    expect(told).toEqual(['ERR_PLUGIN_QUARANTINED true']);
    await expect(manager.generateImage(well)).rejects.toMatchObject({
      code: 'ERR_PLUGIN_QUARANTINED',
      retryAfterMs: expect.any(Number),
    });
    now += 60_001;
    expect((await manager.generateImage(well)).images).toHaveLength(1);
  });
});
