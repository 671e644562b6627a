import { readFileSync } from 'node:fs';
import { isPictureOf, readSerial } from '@easel/plugin-sdk/emulator';
import { describe, expect, it } from 'vitest';
import { keptPicturesIn, recordsIn } from '../kept-pictures.js';
import { batchKinds } from './kinds.js';

/** Milliseconds; calls that come at once are gathered, also where the machine is busy. */
const settings = { gatherMs: 600 };

describe.each(batchKinds)('batches of $plugin', ({ keyName, paths, firstId, createWorld, call }) => {
  it('gather calls, and give each its own in whatever order they come', async () => {
    const { emulator, createKernel } = await createWorld({ course: () => ({ order: 'shuffled' }), settings });
    const kernel = createKernel();
    const prompts = Array.from({ length: 8 }, (_, index) => `animal ${index}`);
    const results = await Promise.all(
      prompts.map((prompt) => kernel.generateImage({ ...call(prompt)[0], n: 2 })),
    );
    for (const [index, { images }] of results.entries()) {
      expect(images).toHaveLength(2);
      for (const { bytes } of images) expect(await isPictureOf(bytes, prompts[index]!)).toBe(true);
    }
    const serials = results.flatMap(({ images }) => images.map(({ bytes }) => readSerial(bytes)));
    expect(new Set(await Promise.all(serials)).size).toBe(16);
    expect(emulator.batches.size).toBe(1);
    expect(emulator.paid).toBe(16);
    // What was uploaded is taken away when it has served.
    await expect.poll(() => emulator.files.stored.size).toBe(0);
  });

  it('are cancelled when every caller has gone, and what was made is kept', async () => {
    const { emulator, storageFolder, createKernel, firstState, firstPrompt } = await createWorld({
      course: (index) => (index === 0 ? { stallsAfter: 1 } : {}),
      settings,
    });
    const kernel = createKernel();
    const controllers = [new AbortController(), new AbortController()];
    const calls = controllers.map(({ signal }, index) => {
      const [request, options] = call(`animal ${index}`);
      return kernel.generateImage({ ...request, fallback: 'none' }, { ...options, signal });
    });
    const outcomes = Promise.allSettled(calls);
    await expect.poll(() => emulator.paid).toBe(1);
    controllers[0]!.abort();
    await expect(calls[0]).rejects.toMatchObject({ code: 'ERR_ABORTED' });
    const looks = () => emulator.seen('GET', paths.look).length;
    const before = looks();
    await expect.poll(looks).toBeGreaterThan(before + 1);
    expect(emulator.seen('POST', paths.cancel)).toHaveLength(0);
    controllers[1]!.abort();
    await outcomes;
    await expect.poll(firstState).toBe('cancelled');
    expect(emulator.seen('POST', paths.cancel)).toHaveLength(1);
    // The one that was made is paid: the same call, made again, has it for nothing.
    const stages = () => recordsIn(storageFolder).map((path) => JSON.parse(readFileSync(path, 'utf8')).stage);
    await expect.poll(stages).toEqual(['ended']);
    expect(keptPicturesIn(storageFolder)).toHaveLength(1);
    const prompt = firstPrompt() ?? '';
    const { images, provenance } = await kernel.generateImage(...call(prompt));
    expect(await isPictureOf(images[0]!.bytes, prompt)).toBe(true);
    expect(provenance.parameters).toMatchObject({ resumed: 1, batches: [firstId] });
    expect(emulator.batches.size).toBe(1);
    expect(emulator.paid).toBe(1);
  });

  it('keep the key out of addresses, log lines and files', async () => {
    const key = 'another-key-1234567890';
    const { emulator, createKernel, lines } = await createWorld({ key });
    const error = await createKernel()
      .generateImage({ prompt: 'x' })
      .catch((thrown: unknown) => thrown as Error);
    expect(error).toMatchObject({
      code: 'ERR_PROVIDER_AUTH',
      message: expect.stringContaining(keyName),
    });
    expect(JSON.stringify([error, (error as Error).message, lines])).not.toContain(key);
    for (const { path, query, body } of emulator.requests)
      expect(path + JSON.stringify(query) + body.toString('latin1')).not.toContain(key);
    expect(emulator.requests).toHaveLength(1);
  });
});
