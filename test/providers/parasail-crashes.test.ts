/**
 * The plugin's process is killed at each step of a batch. The call is lost, and sent again: its batch is found, by our own id, and is
 * neither paid twice nor lost.
 *
 * @module
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';
import { isPictureOf, readSerial } from '@easel/plugin-sdk/emulator';
import { describe, expect, it } from 'vitest';
import { keptPicturesIn, recordsIn } from './kept-pictures.js';
import { after, before, killAt, type Step } from './kill-at.js';
import { by, createParasailWorld } from './parasail-world.js';
import { killPlugin, pidOf } from './provider-kernels.js';

const files = /\/files$/;
const batches = /\/batches$/;
const batch = /\/batches\/batch_\d+$/;
const content = /\/content$/;

const slowly = { trickle: { bytes: 300, everyMs: 50 } } as const;

const steps: readonly (readonly [string, Step])[] = [
  ['before its upload', ['POST', files, 1, before]],
  ['when its upload has been taken', ['POST', files, 1, after]],
  ['before it is created', ['POST', batches, 1, before]],
  ['when it has been created', ['POST', batches, 1, after]],
  ['when it is looked at first', ['GET', batch, 1, before]],
  ['when it is looked at again', ['GET', batch, 3, after]],
  ['before its output is read', ['GET', content, 1, before]],
  ['while its output is read', ['GET', content, 1, slowly]],
];

describe('a batch of a plugin that is killed', () => {
  it.each(steps)('%s', async (_, step) => {
    const course = { perLineMs: 40 };
    const { emulator, storageFolder, createKernel } = await createParasailWorld({ course: () => course });
    const kernel = createKernel();
    emulator.script = killAt(() => pidOf(kernel), step);
    const asked = ['one', 'two', 'three'].map((prompt) => ({ prompt, n: 2, seed: 9 }));
    const lost = await Promise.allSettled(asked.map((request) => kernel.generateImage(request)));
    expect(lost).toMatchObject(asked.map(() => ({ reason: { code: 'ERR_PLUGIN_CRASHED' } })));
    expect(recordsIn(storageFolder)).toHaveLength(1);

    const again = [...asked].reverse();
    const results = await Promise.all(again.map((request) => kernel.generateImage(request)));
    for (const [index, { images, provenance }] of results.entries()) {
      expect(provenance.parameters).toMatchObject({ resumed: 2, batches: ['batch_1'] });
      for (const { bytes } of images) expect(await isPictureOf(bytes, again[index]!.prompt)).toBe(true);
    }
    const serials = results.flatMap(({ images }) => images.map(({ bytes }) => readSerial(bytes)));
    expect(new Set(await Promise.all(serials)).size).toBe(6);
    expect(emulator.batches.size).toBe(1);
    expect(emulator.paid).toBe(6);
    // Nothing is left behind, neither here nor there.
    await expect.poll(() => recordsIn(storageFolder), { timeout: 4_000 }).toEqual([]);
    expect(emulator.files.stored.size).toBe(0);
  });

  it.each(['killed', 'alive'])(
    'while its pictures are being stored, %s: they are paid once',
    async (fate) => {
      const { emulator, storageFolder, createKernel } = await createParasailWorld();
      const kernel = createKernel();
      const asked = { prompt: 'one', n: 2, seed: 9 };
      const onResult = async () => {
        if (fate === 'killed') await killPlugin(kernel);
        throw new Error('the disk is full');
      };
      await expect(kernel.generateImage(asked, { onResult })).rejects.toThrow('the disk is full');
      const { images, provenance } = await kernel.generateImage(asked, {
        onResult: () => expect(keptPicturesIn(storageFolder)).toHaveLength(2),
      });
      for (const { bytes } of images) expect(await isPictureOf(bytes, asked.prompt)).toBe(true);
      expect(provenance.parameters).toMatchObject({ resumed: 2 });
      expect(emulator.paid).toBe(2);
      await expect.poll(() => recordsIn(storageFolder)).toEqual([]);
    },
  );

  it('between its upload and its creation, as the record says', async () => {
    const { emulator, storageFolder, createKernel } = await createParasailWorld();
    const kernel = createKernel();
    emulator.script = killAt(() => pidOf(kernel), ['POST', batches, 1, before]);
    await expect(kernel.generateImage({ prompt: 'x', seed: 1 })).rejects.toMatchObject({
      code: 'ERR_PLUGIN_CRASHED',
    });
    const [record = ''] = recordsIn(storageFolder);
    const written = JSON.parse(readFileSync(record, 'utf8'));
    expect(written).toMatchObject({ stage: 'creating', fileId: 'file-1' });
    writeFileSync(record, JSON.stringify({ ...written, stage: 'uploaded', askedAt: undefined }));
    const { provenance } = await kernel.generateImage({ prompt: 'x', seed: 1 });
    expect(provenance.parameters).toMatchObject({ resumed: 1 });
    expect(emulator.seen('POST', files)).toHaveLength(1);
    expect(emulator.paid).toBe(1);
  });

  it('while it is gathered: nothing has been sent, and nothing is paid', async () => {
    const { emulator, createKernel } = await createParasailWorld({ settings: { gatherMs: 1_000 } });
    const kernel = createKernel();
    let told = 0;
    const call = kernel.generateImage({ prompt: 'x', seed: 1 }, { onProgress: () => void told++ });
    call.catch(() => {});
    await expect.poll(() => told).toBeGreaterThan(0);
    process.kill(pidOf(kernel), 'SIGKILL');
    await expect(call).rejects.toMatchObject({ code: 'ERR_PLUGIN_CRASHED' });
    expect(emulator.requests).toHaveLength(0);
    await kernel.generateImage({ prompt: 'x', seed: 1 });
    expect(emulator.paid).toBe(1);
  });

  it('is made although nobody comes again, and its pictures are kept', async () => {
    const { emulator, createKernel } = await createParasailWorld({ course: () => ({ perLineMs: 100 }) });
    const kernel = createKernel();
    emulator.script = killAt(() => pidOf(kernel), ['GET', batch, 1, before]);
    await expect(kernel.generateImage({ prompt: 'lost', seed: 1 })).rejects.toThrow();
    await kernel.generateImage({ prompt: 'another', seed: 2 });
    await expect.poll(() => emulator.seen('GET', content).length).toBe(2);
    await kernel.close();
    const { provenance } = await createKernel().generateImage({ prompt: 'lost', seed: 1 });
    expect(provenance.parameters).toMatchObject({ resumed: 1, batches: ['batch_1'] });
    expect(emulator.paid).toBe(2);
  });
});

describe('a batch of a kernel', () => {
  it('that is closed is taken up by the next one', async () => {
    const { emulator, createKernel } = await createParasailWorld({ course: () => ({ perLineMs: 700 }) });
    const kernel = createKernel();
    const call = kernel.generateImage({ prompt: 'x', seed: 1 });
    call.catch(() => {});
    await expect.poll(() => emulator.batches.size).toBe(1);
    await kernel.close();
    await expect(call).rejects.toThrow();
    const { provenance } = await createKernel().generateImage({ prompt: 'x', seed: 1 });
    expect(provenance.parameters).toMatchObject({ resumed: 1 });
    expect(emulator.seen('POST', /cancel$/)).toHaveLength(0);
    expect(emulator.paid).toBe(1);
  });

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
    const taken = other.generateImage({ prompt: 'x', seed: 1 }, { signal: controller.signal });
    await pause(300);
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
