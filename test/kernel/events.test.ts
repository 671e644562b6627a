import type { KernelEvents } from '@easel/core';
import { describe, expect, it } from 'vitest';
import { createFixtureKernel, misbehave } from '../fixtures/kernel.js';

const prompt = 'a fixture';

describe('events', () => {
  it('tell of starts, attempts and ends, in their order', async () => {
    const manager = createFixtureKernel();
    const told: string[] = [];
    const names = [
      'plugin-starting',
      'plugin-ready',
      'attempt-ended',
      'plugin-draining',
      'plugin-disabled',
      'plugin-idle',
    ] as const;
    for (const name of names) manager.on(name, (event) => told.push(`${name} ${event.plugin}`));
    await manager.generateImage({ prompt });
    await manager.disablePlugin('steady');
    await manager.enablePlugin('steady');
    expect(told).toEqual([
      'plugin-starting steady',
      'plugin-ready steady',
      'attempt-ended steady',
      'plugin-draining steady',
      'plugin-disabled steady',
      'plugin-idle steady',
    ]);
  });

  it('carry why a plugin failed, without its secrets', async () => {
    const manager = createFixtureKernel();
    const failed: KernelEvents['plugin-failed'][] = [];
    manager.on('plugin-failed', (event) => failed.push(event));
    await manager.generateImage(misbehave('exit')).catch(() => {});
    expect(failed).toMatchObject([
      { plugin: 'chaos', version: '1.0.0', from: 'ready', error: { code: 'ERR_PLUGIN_CRASHED' } },
    ]);
  });

  it('do not reach a listener that has been taken off, and outlive one that throws', async () => {
    const lines: string[] = [];
    const warn = (line: string) => void lines.push(line);
    const logger = { debug() {}, info() {}, error() {}, warn };
    const manager = createFixtureKernel({}, { logger });
    let heard = 0;
    manager.on('plugin-ready', () => {
      throw new Error('not today');
    });
    const off = manager.on('plugin-ready', () => {
      heard++;
    });
    manager.on('attempt-ended', () => {
      heard += 10;
    });
    off();
    await manager.generateImage({ prompt });
    expect(heard).toBe(10);
    expect(lines).toEqual(['A listener of "plugin-ready" threw: Error: not today']);
  });

  it('are logged where they keep calls from a plugin', async () => {
    const lines: string[] = [];
    const logger = { debug() {}, info: write, warn: write, error: write };
    function write(line: string) {
      lines.push(line);
    }
    const manager = createFixtureKernel({ plugins: { chaos: { breaker: { minimumCalls: 2 } } } }, { logger });
    for (let call = 0; call < 2; call++) await manager.generateImage(misbehave('throw')).catch(() => {});
    expect(lines).toContainEqual(
      expect.stringMatching(/circuit of the plugin "chaos" .* for "chaos" is open.* The last failure: .+/),
    );
    manager.resetBreakers('chaos');
    expect(lines).toContainEqual(expect.stringMatching(/circuit of the plugin "chaos" .* is closed/));
    for (let crash = 0; crash < 3; crash++) {
      manager.resetBreakers('chaos');
      await manager.generateImage({ ...misbehave('exit'), prompt: `number ${crash}` }).catch(() => {});
    }
    expect(lines).toContainEqual(
      expect.stringMatching(/plugin "chaos" .* is quarantined.*exited with status 3/),
    );
  });

  it('tell of circuits, which can be closed by hand', async () => {
    const manager = createFixtureKernel({ plugins: { chaos: { breaker: { minimumCalls: 2 } } } });
    const told: string[] = [];
    for (const name of ['circuit-open', 'circuit-closed'] as const)
      manager.on(name, ({ plugin, pipelineType }) => told.push(`${name} ${plugin} ${pipelineType}`));
    for (let call = 0; call < 2; call++) await manager.generateImage(misbehave('throw')).catch(() => {});
    await expect(manager.generateImage(misbehave('none'))).rejects.toMatchObject({
      code: 'ERR_CIRCUIT_OPEN',
    });
    expect(() => manager.resetBreakers('chaos', 'steady')).toThrow(/does not handle "steady"/);
    manager.resetBreakers('chaos');
    expect((await manager.generateImage(misbehave('none'))).images).toHaveLength(1);
    // What failed before the reset is forgotten: one failure more opens nothing.
    await manager.generateImage(misbehave('throw')).catch(() => {});
    expect((await manager.generateImage(misbehave('none'))).images).toHaveLength(1);
    expect(told).toEqual(['circuit-open chaos chaos', 'circuit-closed chaos chaos']);
  });
});
