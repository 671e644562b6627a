import { describe, expect, it } from 'vitest';
import { CrashBudget } from '../../core/src/kernel/supervisor/crash-budget.js';
import { type PluginState, StateMachine } from '../../core/src/kernel/supervisor/states.js';
import { isRunning } from '../fixtures/is-running.js';
import { createFixtureKernel, misbehave } from '../fixtures/kernel.js';

const prompt = 'a fixture';
const healthOf = (manager: ReturnType<typeof createFixtureKernel>, id: string) =>
  manager.getServiceHealth().plugins.find((plugin) => plugin.id === id);

describe('the crash budget', () => {
  it('waits longer after each crash, and is spent after three in five minutes', () => {
    let now = 0;
    const budget = new CrashBudget(() => now);
    expect([budget.waitMs, budget.isSpent]).toEqual([0, false]);
    budget.record([]);
    expect([budget.waitMs, budget.isSpent]).toEqual([500, false]);
    now = 200;
    expect(budget.waitMs).toBe(300);
    budget.record([]);
    expect([budget.waitMs, budget.isSpent]).toEqual([1000, false]);
    budget.record([]);
    expect(budget.isSpent).toBe(true);
    now = 5 * 60_000 + 200;
    expect([budget.waitMs, budget.isSpent]).toEqual([0, false]);
  });
});

describe('what one request has done', () => {
  it('counts once, whatever others were under way', () => {
    const budget = new CrashBudget(() => 0);
    for (const culprits of [['a', 'b'], ['a'], ['b', 'c'], ['d']]) budget.record(culprits);
    expect(budget.isSpent).toBe(false);
    budget.record(['e']);
    expect(budget.isSpent).toBe(true);
  });
});

describe('states', () => {
  it('may not be skipped', () => {
    const move = (from: PluginState, to: PluginState) =>
      new StateMachine({ id: 'x', version: '1.0.0' }, from, () => {}).move(to);
    expect(() => move('idle', 'starting')).not.toThrow();
    expect(() => move('idle', 'ready')).toThrow(/may not go from idle to ready/);
    expect(() => move('stopped', 'starting')).toThrow(/may not go from stopped/);
  });
});

describe('a plugin that is killed under many calls', () => {
  it('has failed once, and answers the calls that come while it starts again', async () => {
    const manager = createFixtureKernel({
      retries: 0,
      plugins: { chaos: { breaker: { minimumCalls: 5 }, runtime: { concurrency: 20, stallMs: 20_000 } } },
    });
    await manager.generateImage({ ...misbehave('none'), timeoutMs: 25_000 });
    const lost = Array.from({ length: 20 }, () =>
      manager
        .generateImage({ ...misbehave('ignore-everything'), timeoutMs: 25_000 })
        .catch((error) => error.code),
    );
    await expect.poll(() => healthOf(manager, 'chaos')?.inFlight).toBe(20);
    process.kill(healthOf(manager, 'chaos')?.pid ?? 0, 'SIGKILL');
    expect(new Set(await Promise.all(lost))).toEqual(new Set(['ERR_PLUGIN_CRASHED']));
    const next = Array.from({ length: 20 }, () =>
      manager.generateImage({ ...misbehave('none'), timeoutMs: 25_000 }),
    );
    expect((await Promise.allSettled(next)).map(({ status }) => status)).toEqual(Array(20).fill('fulfilled'));
    expect(healthOf(manager, 'chaos')?.breakers).toEqual({ chaos: 'closed' });
  });
});

describe('a plugin that crashes again and again', () => {
  it('is started again later each time, then left alone until it is enabled', async () => {
    const manager = createFixtureKernel();
    for (let crash = 0; crash < 3; crash++) {
      const another = { ...misbehave('exit'), prompt: `number ${crash}` };
      await expect(manager.generateImage(another)).rejects.toMatchObject({
        code: 'ERR_PLUGIN_CRASHED',
      });
    }
    expect(healthOf(manager, 'chaos')).toMatchObject({ state: 'quarantined', restarts: 2 });
    expect(manager.getServiceHealth().status).toBe('degraded');
    await expect(manager.generateImage(misbehave('none'))).rejects.toMatchObject({
      code: 'ERR_PLUGIN_QUARANTINED',
      message: expect.stringContaining('exited with status 3'),
    });
    expect((await manager.generateImage({ prompt })).images).toHaveLength(1);

    await manager.enablePlugin('chaos');
    expect((await manager.generateImage(misbehave('none'))).images).toHaveLength(1);
    expect(healthOf(manager, 'chaos')).toMatchObject({ state: 'ready' });
  });

  it('does not keep a kernel from closing while it waits for its next start', async () => {
    const manager = createFixtureKernel();
    await manager.generateImage(misbehave('exit')).catch(() => {});
    const call = manager.generateImage(misbehave('none', 150)).catch((error: { code: string }) => error.code);
    await expect.poll(() => healthOf(manager, 'chaos')?.state, { interval: 5 }).toBe('backoff');
    expect(await call).toBe('ERR_DEADLINE');
    await manager.close();
    expect(healthOf(manager, 'chaos')?.state).toBe('stopped');
  });
});

describe('disabling a plugin', () => {
  it('lets its calls finish, stops it, and refuses others until it is enabled', async () => {
    const manager = createFixtureKernel();
    const call = manager.generateImage({ prompt, providerOptions: { steady: { delayMs: 300 } } });
    await expect.poll(() => healthOf(manager, 'steady')?.state).toBe('ready');
    const pid = healthOf(manager, 'steady')?.pid as number;

    const disabled = manager.disablePlugin('steady');
    await expect(manager.generateImage({ prompt })).rejects.toMatchObject({ code: 'ERR_NO_ROUTE' });
    await disabled;
    expect((await call).images).toHaveLength(1);
    expect(healthOf(manager, 'steady')?.state).toBe('disabled');
    expect(isRunning(pid)).toBe(false);

    await manager.enablePlugin('steady');
    expect((await manager.generateImage({ prompt })).images).toHaveLength(1);
    expect(healthOf(manager, 'steady')?.pid).not.toBe(pid);
  });

  it('and another at the same time leaves neither in the routing table', async () => {
    const manager = createFixtureKernel();
    await Promise.all([manager.disablePlugin('steady'), manager.disablePlugin('chaos')]);
    await expect(manager.generateImage({ prompt })).rejects.toMatchObject({
      message: expect.stringContaining('handled are: none'),
    });
    await Promise.all([manager.enablePlugin('steady'), manager.enablePlugin('chaos')]);
    expect((await manager.generateImage({ prompt })).images).toHaveLength(1);
  });

  it('enables one that the configuration had disabled', async () => {
    const manager = createFixtureKernel({ plugins: { steady: { enabled: false } } });
    await manager.enablePlugin('steady');
    expect((await manager.generateImage({ prompt })).images).toHaveLength(1);
  });

  it('names those that exist', async () => {
    const manager = createFixtureKernel();
    await expect(manager.disablePlugin('nothing')).rejects.toMatchObject({
      message: 'There is no plugin "nothing"; there are: chaos, steady.',
    });
  });
});
