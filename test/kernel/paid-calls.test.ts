import type { ConfigurationInput, GenerateOptions, ImageServiceManager } from '@easel/core';
import { describe, expect, it } from 'vitest';
import { createFixtureKernel, misbehave } from '../fixtures/kernel.js';

const chain: ConfigurationInput = { fallbacks: { 'chaos-one': ['steady-one'] } };
const chaos = { plugin: 'chaos', model: 'chaos-one' };

/**
 * Makes a call that the plugin "steady" may take over from "chaos", which has a secret and so pays. Tells who
 * was asked, and what it got.
 */
async function call(manager: ImageServiceManager, behaviour: string, options: GenerateOptions = {}) {
  const asked: string[] = [];
  manager.on('attempt-ended', ({ plugin }) => asked.push(plugin));
  const outcome: unknown = await manager
    .generateImage({ ...misbehave(behaviour), fallback: 'any' }, options)
    .catch((error: unknown) => error);
  return { asked, outcome };
}

const paid = (code: string) => ({
  ...{ code, plugin: 'chaos', mayBePaid: true, retryable: false },
  message: expect.stringMatching(/may have been paid/),
});

describe('a call that a plugin which pays was handed', () => {
  it.each([
    ['crashes', 'kill-self', 'ERR_PLUGIN_CRASHED'],
    ['exits', 'exit', 'ERR_PLUGIN_CRASHED'],
    ['stops answering', 'loop', 'ERR_PLUGIN_STALLED'],
    ['breaks the wire', 'wire-rubbish', 'ERR_PLUGIN_PROTOCOL'],
    ['answers no images', 'no-images', 'ERR_PLUGIN_PROTOCOL'],
    ['throws what it has not classified', 'throw', 'ERR_PLUGIN_FAILED'],
  ])('is not made by another one when it %s, and its caller is told', async (_, behaviour, code) => {
    const { asked, outcome } = await call(createFixtureKernel(chain), behaviour);
    expect(outcome).toMatchObject(paid(code));
    expect(asked).toEqual(['chaos']);
  });

  it('is not made by another one when it is disabled on the way', async () => {
    const manager = createFixtureKernel(chain);
    await manager.generateImage(misbehave('none'));
    const calling = call(manager, 'ignore-everything');
    await manager.disablePlugin('chaos');
    const { asked, outcome } = await calling;
    expect(outcome).toMatchObject(paid('ERR_PLUGIN_DISABLED'));
    expect(asked).toEqual(['chaos']);
  });

  it('is not made by another one when its plugin is ended because of a call beside it', async () => {
    const manager = createFixtureKernel(chain);
    await manager.generateImage(misbehave('none'));
    const beside = call(manager, 'ignore-everything');
    await expect(manager.generateImage(misbehave('ignore-everything', 100))).rejects.toMatchObject({
      code: 'ERR_DEADLINE',
    });
    expect((await beside).outcome).toMatchObject(paid('ERR_PLUGIN_CRASHED'));
  });

  it('says so too when it takes too long', async () => {
    const manager = createFixtureKernel();
    await manager.generateImage(misbehave('none'));
    await expect(manager.generateImage(misbehave('ignore-everything', 100))).rejects.toMatchObject(
      paid('ERR_DEADLINE'),
    );
  });
});

describe('another plugin', () => {
  it('is asked where the first one was handed nothing', async () => {
    const manager = createFixtureKernel({ ...chain, plugins: { chaos: { options: { start: 'exit' } } } });
    const { asked, outcome } = await call(manager, 'none');
    expect(asked).toEqual(['chaos', 'steady']);
    expect(outcome).toMatchObject({ provenance: { plugin: { id: 'steady' } } });
  });

  it('is asked where the first one says itself that it was not paid', async () => {
    const { asked, outcome } = await call(createFixtureKernel(chain), 'time-out-unpaid');
    expect(asked).toEqual(['chaos', 'steady']);
    expect(outcome).toMatchObject({ provenance: { plugin: { id: 'steady' } } });
  });

  it('is not asked where the first one may have been paid before the call was cut off, and cannot be reached', async () => {
    const manager = createFixtureKernel({ ...chain, plugins: { chaos: { options: { start: 'exit' } } } });
    const { asked, outcome } = await call(manager, 'none', { requestId: 'again', askFirst: chaos });
    expect(outcome).toMatchObject(paid('ERR_PLUGIN_CRASHED'));
    expect(asked).toEqual(['chaos']);
  });

  it('is not asked where the one that may have been paid before is not there any more', async () => {
    const plugins = { chaos: { enabled: false } };
    const again = { requestId: 'again', askFirst: chaos };
    const { asked, outcome } = await call(createFixtureKernel({ ...chain, plugins }), 'none', again);
    expect(outcome).toMatchObject({ ...paid('ERR_PLUGIN_DISABLED'), hint: expect.stringMatching(/chaos/) });
    expect(asked).toEqual([]);
  });

  it('is asked where the one that was asked before does not pay', async () => {
    const manager = createFixtureKernel({ plugins: { steady: { enabled: false } } });
    const { outcome } = await call(manager, 'none', {
      askFirst: { plugin: 'steady', model: 'steady-one' },
    });
    expect(outcome).toMatchObject({ provenance: { plugin: { id: 'chaos' } } });
  });
});
