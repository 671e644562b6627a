import { describe, expect, it } from 'vitest';
import { createFixtureKernel } from '../fixtures/kernel.js';
import { ask, createRunner, folder, startRunner } from './kinds.js';

describe('a thread', () => {
  it('moves the buffers of its results', async () => {
    const { runner } = await startRunner('thread');
    const { images } = await ask(runner, 'large-picture');
    expect(images[0]?.bytes).toHaveLength(4 * 2 ** 20);
    expect(images[0]?.bytes[1]).toBe(0x50);
    // A buffer that the plugin answers a second time has gone with the first answer: that is seen, not
    // answered as nothing.
    await ask(runner, 'kept-buffer');
    await expect(ask(runner, 'kept-buffer')).rejects.toMatchObject({
      code: 'ERR_PLUGIN_PROTOCOL',
      message: expect.stringContaining('detached'),
    });
  });

  it('loads no native code', async () => {
    const { runner } = createRunner('thread', { config: { start: 'native' } });
    await expect(runner.start()).rejects.toMatchObject({ code: 'ERR_PLUGIN_START_FAILED' });
  });

  it('leaves the process that it ran in as it was', async () => {
    const before = { ...process.env };
    const { runner } = await startRunner('thread', { stallMs: 300 });
    await expect(ask(runner, 'loop')).rejects.toMatchObject({ code: 'ERR_PLUGIN_STALLED' });
    await runner.ended;
    expect({ ...process.env }).toEqual(before);
  });

  it('is what a manifest asks for, unless it asks to load native code as well', async () => {
    const manager = createFixtureKernel({ pluginFolders: [`${folder}/in-kernel`] });
    const { provenance } = await manager.generateImage({ prompt: 'anything' });
    expect(provenance.plugin.id).toBe('threaded');
    expect(provenance.parameters).toMatchObject({ isMainThread: false, pid: process.pid });
    expect(manager.getServiceHealth().problems).toMatchObject([
      { code: 'ERR_MANIFEST_INVALID', message: expect.stringMatching(/native-thread.*runtime\.isolation/s) },
    ]);
  });
});
