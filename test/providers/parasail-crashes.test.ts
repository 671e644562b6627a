/**
 * Batches of Parasail whose process is killed, where they differ from those of others; what all have in
 * common is in `batches/`.
 *
 * @module
 */
import { describe, expect, it } from 'vitest';
import { before, killAt } from './kill-at.js';
import { by, createParasailWorld } from './parasail-world.js';
import { pidOf } from './provider-kernels.js';

const content = /\/content$/;

describe('a batch of a kernel', () => {
  it('is left to it while it lives, and taken over by another when its process has ended', async () => {
    const { emulator, createKernel } = await createParasailWorld({ course: () => ({ stallsAfter: 0 }) });
    const one = createKernel();
    const call = one.generateImage({ prompt: 'x', seed: 1 });
    call.catch(() => {});
    await expect.poll(() => emulator.batches.size).toBe(1);
    const other = createKernel();
    emulator.course = () => ({});
    await other.generateImage({ prompt: 'x', seed: 1 });
    expect(emulator.batches.size).toBe(2);
    process.kill(pidOf(one), 'SIGKILL');
    await expect(call).rejects.toMatchObject({ code: 'ERR_PLUGIN_CRASHED' });
    const controller = new AbortController();
    const looks = () => emulator.seen('GET', /batches\/batch_1$/).length;
    const looked = looks();
    const taken = other.generateImage({ prompt: 'x', seed: 1 }, { signal: controller.signal });
    await expect.poll(looks).toBeGreaterThan(looked);
    expect(emulator.batches.size).toBe(2);
    controller.abort();
    await expect(taken).rejects.toMatchObject({ code: 'ERR_ABORTED' });
    await expect.poll(() => emulator.batches.get('batch_1')?.status).toBe('cancelled');
  });

  it('is found by the name of a call, whatever its seed', async () => {
    const { emulator, createKernel } = await createParasailWorld();
    const kernel = createKernel();
    emulator.script = killAt(() => pidOf(kernel), ['GET', content, 1, before]);
    const named = by('batch', { callName: 'order 17' });
    await expect(kernel.generateImage({ prompt: 'x', ...named })).rejects.toMatchObject({
      code: 'ERR_PLUGIN_CRASHED',
    });
    const { images, provenance } = await kernel.generateImage({ prompt: 'x', ...named });
    expect(provenance.parameters).toMatchObject({ resumed: 1 });
    const [line] = emulator.batches.get('batch_1')!.created.lines;
    expect(images[0]?.seed).toBe(line?.body.seed);
    expect(emulator.paid).toBe(1);
  });
});
