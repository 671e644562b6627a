import type { LogLevel } from '@easel/plugin-sdk';
import { describe, expect, it } from 'vitest';
import { isRunning } from '../fixtures/is-running.js';
import { createFixtureKernel, fixtureSecret, misbehave } from '../fixtures/kernel.js';

const pidOf = (health: { plugins: readonly { id: string; pid?: number }[] }, id: string) =>
  health.plugins.find((plugin) => plugin.id === id)?.pid;

describe('a plugin that misbehaves in a call', () => {
  const cases = [
    ['throws', 'throw', 'ERR_PLUGIN_FAILED', /TypeError: nothing is as it should be/],
    ['refuses the content', 'refuse', 'ERR_CONTENT_REFUSED', /not this one/],
    ['exits', 'exit', 'ERR_PLUGIN_CRASHED', /exited with status 3/],
    [
      'throws where nobody catches',
      'uncaught-exception',
      'ERR_PLUGIN_CRASHED',
      /thrown where nobody catches/,
    ],
    ['is killed', 'kill-self', 'ERR_PLUGIN_CRASHED', /ended by SIGKILL/],
    ['loops for ever', 'loop', 'ERR_PLUGIN_STALLED', /did not acknowledge "ping" within 700 ms/],
    ['answers no images', 'no-images', 'ERR_PLUGIN_PROTOCOL', /images/],
    ['answers text for bytes', 'wrong-bytes', 'ERR_PLUGIN_PROTOCOL', /images\.0\.bytes/],
    ['answers nothing', 'nothing', 'ERR_PLUGIN_PROTOCOL', /object/],
    ['writes rubbish on the wire', 'wire-rubbish', 'ERR_PLUGIN_PROTOCOL', /frame/],
    ['claims a huge message', 'wire-huge', 'ERR_PLUGIN_PROTOCOL', /4294967295 bytes/],
    ['sends an unknown message', 'unknown-message', 'ERR_PLUGIN_PROTOCOL', /sent a message with/],
  ] as const;

  it.each(cases)(
    '%s: its call fails alone, and the next one is served',
    async (_, behaviour, code, message) => {
      const manager = createFixtureKernel();
      await manager.generateImage(misbehave('none'));
      const neighbour = manager.generateImage({
        prompt: 'meanwhile',
        providerOptions: { steady: { delayMs: 300 } },
      });

      const startedAt = performance.now();
      await expect(manager.generateImage(misbehave(behaviour))).rejects.toMatchObject({
        code,
        plugin: 'chaos',
        message: expect.stringMatching(message),
      });
      expect(performance.now() - startedAt).toBeLessThan(20_000);

      expect((await neighbour).images).toHaveLength(1);
      expect((await manager.generateImage(misbehave('none'))).images).toHaveLength(1);
    },
  );

  it('never answers: the deadline holds, the process is ended and started again', async () => {
    const manager = createFixtureKernel();
    await manager.generateImage(misbehave('none'));
    const before = pidOf(manager.getServiceHealth(), 'chaos');

    await expect(manager.generateImage(misbehave('ignore-everything', 300))).rejects.toMatchObject({
      code: 'ERR_DEADLINE',
    });
    await expect.poll(() => pidOf(manager.getServiceHealth(), 'chaos')).toBeUndefined();

    await manager.generateImage(misbehave('none'));
    const after = pidOf(manager.getServiceHealth(), 'chaos');
    expect(after).toBeTypeOf('number');
    expect(after).not.toBe(before);
    expect(isRunning(before as number)).toBe(false);
  });

  it('is killed from outside in mid-call: the call rejects, health counts the restart', async () => {
    const manager = createFixtureKernel();
    await manager.generateImage(misbehave('none'));
    const call = manager.generateImage(misbehave('ignore-everything'));
    process.kill(pidOf(manager.getServiceHealth(), 'chaos') as number, 'SIGKILL');
    await expect(call).rejects.toMatchObject({ code: 'ERR_PLUGIN_CRASHED' });
    expect(manager.getServiceHealth().plugins.find(({ id }) => id === 'chaos')).toMatchObject({
      state: 'failed',
    });

    await manager.generateImage(misbehave('none'));
    expect(manager.getServiceHealth().plugins.find(({ id }) => id === 'chaos')).toMatchObject({
      state: 'ready',
      restarts: 1,
    });
  });

  it('floods its output: it is served, and its lines arrive', async () => {
    const lines: string[] = [];
    const collect = (message: string) => void lines.push(message);
    const logger = { debug: collect, info: collect, warn: collect, error: collect };
    const manager = createFixtureKernel({}, { logger });
    await manager.generateImage(misbehave('flood'));
    await expect.poll(() => lines.includes('line 19999')).toBe(true);
  });
});

describe('a plugin that does not start', () => {
  it.each([
    ['throws', 'throw', 'ERR_PLUGIN_START_FAILED', /no wish to start/],
    ['exits', 'exit', 'ERR_PLUGIN_CRASHED', /exited with status 9/],
    ['has a configuration that it does not know', 'sideways', 'ERR_CONFIG_INVALID', /start: /],
  ])('%s: the call says so, and others are served', async (_, start, code, message) => {
    const manager = createFixtureKernel({ plugins: { chaos: { options: { start } } } });
    await expect(manager.generateImage(misbehave('none'))).rejects.toMatchObject({
      code,
      message: expect.stringMatching(message),
    });
    expect(manager.getServiceHealth()).toMatchObject({ status: 'degraded' });
    expect((await manager.generateImage({ prompt: 'another' })).images).toHaveLength(1);
  });

  it('hangs: the caller is answered by its deadline, and closing the kernel does not wait for ever', async () => {
    const manager = createFixtureKernel({ plugins: { chaos: { options: { start: 'hang' } } } });
    await expect(manager.generateImage(misbehave('none', 300))).rejects.toMatchObject({
      code: 'ERR_DEADLINE',
    });
    const startedAt = performance.now();
    await manager.close();
    expect(performance.now() - startedAt).toBeLessThan(20_000);
  });

  it('lacks a secret: the variable is named', async () => {
    const manager = createFixtureKernel({}, { environment: {} });
    await expect(manager.generateImage(misbehave('none'))).rejects.toMatchObject({
      code: 'ERR_SECRET_MISSING',
      message: expect.stringContaining('CHAOS_KEY'),
    });
  });
});

describe('secrets', () => {
  it('are in no log line and in no error, and nothing else of the environment is in the process', async () => {
    const lines: string[] = [];
    const collect = (level: LogLevel) => (message: string, details?: unknown) =>
      void lines.push(`${level} ${message} ${JSON.stringify(details)}`);
    const logger = {
      debug: collect('debug'),
      info: collect('info'),
      warn: collect('warn'),
      error: collect('error'),
    };
    const manager = createFixtureKernel({}, { logger });

    const error = await manager.generateImage(misbehave('throw-secret')).catch((thrown: Error) => thrown);
    expect(error).toMatchObject({ message: expect.stringContaining('401 for key [CHAOS_KEY]') });
    const { provenance } = await manager.generateImage(misbehave('environment'));
    expect(provenance.parameters).toMatchObject({ variables: ['EASEL_PROCESS_SPACE'] });

    await expect
      .poll(() => lines.some((line) => line.includes('will throw-secret with [CHAOS_KEY]')))
      .toBe(true);
    expect(lines.join('\n')).not.toContain(fixtureSecret);
  });
});
