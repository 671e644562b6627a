/**
 * A result is received when whoever asked for it has it safely: the call waits for that, and so does the
 * plugin.
 *
 * @module
 */
import { describe, expect, it } from 'vitest';
import { createFixtureKernel } from '../fixtures/kernel.js';

const asked = { prompt: 'a cat' };

/** A promise, and what resolves it. */
function createGate() {
  let open = () => {};
  const opened = new Promise<void>((resolve) => {
    open = resolve;
  });
  return { opened, open };
}

describe('a result that is handed over', () => {
  it('is stored before the call resolves', async () => {
    const kernel = createFixtureKernel();
    const order: string[] = [];
    const gate = createGate();
    const call = kernel
      .generateImage(asked, {
        async onResult({ images }) {
          order.push(`${images.length} to store`);
          await gate.opened;
          order.push('stored');
        },
      })
      .then(() => order.push('resolved'));
    await expect.poll(() => order).toEqual(['1 to store']);
    gate.open();
    await call;
    expect(order).toEqual(['1 to store', 'stored', 'resolved']);
  });

  it('rejects the call with what keeps it from being stored', async () => {
    const kernel = createFixtureKernel();
    const full = new Error('the disk is full');
    const onResult = () => {
      throw full;
    };
    await expect(kernel.generateImage(asked, { onResult })).rejects.toBe(full);
  });

  it('does not keep the call beyond its deadline', async () => {
    const kernel = createFixtureKernel({ plugins: { steady: { runtime: { drainMs: 300 } } } });
    const call = kernel.generateImage(
      { ...asked, timeoutMs: 1_500 },
      { onResult: () => new Promise(() => {}) },
    );
    await expect(call).rejects.toMatchObject({ code: 'ERR_DEADLINE' });
  });

  it('has time to be stored when the kernel closes, and no more than the plugin has to finish', async () => {
    const kernel = createFixtureKernel({ plugins: { steady: { runtime: { drainMs: 300 } } } });
    const gate = createGate();
    let isStoring = false;
    const onResult = async () => {
      isStoring = true;
      await gate.opened;
    };
    const call = kernel.generateImage(asked, { onResult });
    await expect.poll(() => isStoring).toBe(true);
    expect(await kernel.close()).toEqual({ forced: [] });
    gate.open();
    expect((await call).images).toHaveLength(1);
  });
});
