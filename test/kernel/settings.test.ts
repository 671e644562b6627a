import { describe, expect, it } from 'vitest';
import { isRunning } from '../fixtures/is-running.js';
import { createFixtureKernel } from '../fixtures/kernel.js';

const prompt = 'a fixture';
type Manager = ReturnType<typeof createFixtureKernel>;
const healthOf = (manager: Manager, id: string) =>
  manager.getServiceHealth().plugins.find((plugin) => plugin.id === id);

describe("a plugin's settings in the configuration", () => {
  it("take the place of its manifest's, field by field", async () => {
    const manager = createFixtureKernel({ plugins: { steady: { runtime: { concurrency: 1, queue: 1 } } } });
    const slow = { prompt, providerOptions: { steady: { delayMs: 200 } } };
    const calls = [manager.generateImage(slow), manager.generateImage(slow)];
    await expect(manager.generateImage(slow)).rejects.toMatchObject({ code: 'ERR_QUEUE_FULL' });
    await Promise.all(calls);
  });

  it.each([
    [{ runtime: { concurency: 1 } }, /plugins\.steady\.runtime.*concurency/],
    [{ runtime: { queue: -1 } }, /plugins\.steady\.runtime\.queue/],
    [{ breaker: { resetMs: 'soon' } }, /plugins\.steady\.breaker\.resetMs/],
    [{ rolloutPercent: 0 }, /plugins\.steady\.rolloutPercent/],
    [{ runtime: { isolation: 'thread', memoryMb: 100 } }, /plugins\.steady\.runtime\.memoryMb/],
  ])('are refused where they are wrong: %j', (settings, where) => {
    expect(() => createFixtureKernel({ plugins: { steady: settings as object } })).toThrow(where);
  });
});

describe('a plugin that nobody asks', () => {
  it('is stopped after its time, and started again by the next call', async () => {
    const manager = createFixtureKernel({ plugins: { steady: { runtime: { idleMs: 150 } } } });
    await manager.generateImage({ prompt });
    const pid = healthOf(manager, 'steady')?.pid as number;
    // Calls that come in time keep it, for twice as long as it may be idle.
    const startedAt = performance.now();
    while (performance.now() - startedAt < 300) await manager.generateImage({ prompt });
    expect(healthOf(manager, 'steady')).toMatchObject({ state: 'ready', pid, restarts: 0 });
    await expect.poll(() => healthOf(manager, 'steady')?.state).toBe('idle');
    await expect.poll(() => isRunning(pid)).toBe(false);
    await manager.generateImage({ prompt });
    expect(healthOf(manager, 'steady')).toMatchObject({ state: 'ready', restarts: 1 });
  });

  it('loses no call that comes while it is being stopped', async () => {
    const manager = createFixtureKernel({ plugins: { steady: { runtime: { idleMs: 30 } } } });
    for (let call = 0; call < 10; call++) {
      await manager.generateImage({ prompt });
      await expect.poll(() => healthOf(manager, 'steady')?.state, { interval: 1 }).not.toBe('ready');
    }
    await manager.generateImage({ prompt });
    expect(healthOf(manager, 'steady')?.restarts).toBe(10);
  });
});

describe('callers', () => {
  it('take turns where calls wait, so that the many of one do not keep the one of another waiting', async () => {
    const manager = createFixtureKernel({ plugins: { steady: { runtime: { concurrency: 1, queue: 20 } } } });
    await manager.generateImage({ prompt });
    const order: string[] = [];
    const ask = async (caller: string) => {
      await manager.generateImage({ prompt, providerOptions: { steady: { delayMs: 20 } } }, { caller });
      order.push(caller);
    };
    await Promise.all([...Array.from({ length: 6 }, () => ask('many')), ask('one')]);
    // The first of the many is at work, and one more may be before the turn of the other.
    expect(order.indexOf('one')).toBeLessThanOrEqual(2);
    expect(order).toHaveLength(7);
  });
});

describe('closing', () => {
  it('tells whom it had to end by force', async () => {
    const manager = createFixtureKernel({ plugins: { steady: { runtime: { drainMs: 100 } } } });
    await manager.generateImage({ prompt });
    const late = manager.generateImage({ prompt, providerOptions: { steady: { delayMs: 5_000 } } });
    const failed = expect(late).rejects.toMatchObject({ code: 'ERR_KERNEL_CLOSED' });
    expect(await manager.close()).toEqual({ forced: ['steady'] });
    await failed;
    expect(await createFixtureKernel().close()).toEqual({ forced: [] });
  });
});
