/**
 * The plugin's process is killed at each step of a batch. The call is lost, and sent again: its batch is
 * found, by our own id, and is neither paid twice nor lost.
 *
 * @module
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { isPictureOf, readSerial } from '@easel/plugin-sdk/emulator';
import { describe, expect, it } from 'vitest';
import { keptPicturesIn, recordsIn } from '../kept-pictures.js';
import { after, before, killAt, type Step } from '../kill-at.js';
import { killPlugin, pidOf } from '../provider-kernels.js';
import { type BatchKind, type BatchWorld, batchKinds } from './kinds.js';

const slowly = { trickle: { bytes: 300, everyMs: 50 } } as const;

/** Requests of a batch at which the process is killed. */
function stepsOf({ uploadRequests, paths }: BatchKind): (readonly [string, Step])[] {
  const uploads = Array.from({ length: uploadRequests }, (_, index) => index + 1);
  return [
    ...uploads.flatMap((number): (readonly [string, Step])[] => [
      [`before request ${number} of its upload`, ['POST', paths.upload, number, before]],
      [`when request ${number} of its upload has been taken`, ['POST', paths.upload, number, after]],
    ]),
    ['before it is created', ['POST', paths.create, 1, before]],
    ['when it has been created', ['POST', paths.create, 1, after]],
    ['when it is looked at first', ['GET', paths.look, 1, before]],
    ['when it is looked at again', ['GET', paths.look, 3, after]],
    ['before its results are read', ['GET', paths.download, 1, before]],
    ['while its results are read', ['GET', paths.download, 1, slowly]],
  ];
}

const prompts = ['one', 'two', 'three'];
const crashed = { code: 'ERR_PLUGIN_CRASHED' };

/**
 * Makes three calls again, in another order: each has its images of the one batch, and each image is another.
 */
async function askAgain(
  { call, firstId }: BatchKind,
  { emulator, storageFolder }: BatchWorld,
  kernel: ReturnType<BatchWorld['createKernel']>,
) {
  const again = [...prompts].reverse();
  const results = await Promise.all(
    again.map((prompt) => {
      const [request, options] = call(prompt);
      return kernel.generateImage({ ...request, n: 2 }, options);
    }),
  );
  for (const [index, { images, provenance }] of results.entries()) {
    expect(provenance.parameters).toMatchObject({ resumed: 2, batches: [firstId] });
    for (const { bytes } of images) expect(await isPictureOf(bytes, again[index]!)).toBe(true);
  }
  const serials = results.flatMap(({ images }) => images.map(({ bytes }) => readSerial(bytes)));
  expect(new Set(await Promise.all(serials)).size).toBe(6);
  expect(emulator.batches.size).toBe(1);
  expect(emulator.paid).toBe(6);
  // Nothing is left behind, neither here nor there.
  await expect.poll(() => recordsIn(storageFolder)).toEqual([]);
  expect(emulator.files.stored.size).toBe(0);
}

describe.each(batchKinds)('a batch of $plugin, whose process is killed', (kind) => {
  const { plugin, paths, firstId, createWorld, call } = kind;

  it.each(stepsOf(kind))('%s', async (_, step) => {
    const world = await createWorld({ course: () => ({ perLineMs: 40 }), settings: { gatherMs: 300 } });
    const { storageFolder, createKernel, setScript } = world;
    const kernel = createKernel();
    setScript(killAt(() => pidOf(kernel), step));
    const lost = prompts.map((prompt) => {
      const [request, options] = call(prompt);
      return kernel.generateImage({ ...request, n: 2 }, options);
    });
    expect(await Promise.allSettled(lost)).toMatchObject(prompts.map(() => ({ reason: crashed })));
    expect(recordsIn(storageFolder)).toHaveLength(1);
    await askAgain(kind, world, kernel);
  });

  it('between two of its results', async () => {
    const world = await createWorld({ course: () => ({ order: 'shuffled' }), settings: { gatherMs: 300 } });
    const { storageFolder, createKernel, setScript } = world;
    const kernel = createKernel();
    setScript(({ path }) => (paths.download.test(path) ? slowly : undefined));
    const lost = prompts.map((prompt) => {
      const [request, options] = call(prompt);
      return kernel.generateImage({ ...request, n: 2 }, options);
    });
    const outcomes = Promise.allSettled(lost);
    await expect.poll(() => keptPicturesIn(storageFolder).length, { interval: 10 }).toBeGreaterThan(0);
    process.kill(pidOf(kernel), 'SIGKILL');
    await outcomes;
    expect(keptPicturesIn(storageFolder).length).toBeLessThan(6);
    setScript(undefined);
    await askAgain(kind, world, kernel);
  });

  it.each(['killed', 'alive'])('while its images are being stored, %s: they are paid once', async (fate) => {
    const { emulator, storageFolder, createKernel } = await createWorld();
    const kernel = createKernel();
    const [request, options] = call('one');
    const onResult = async () => {
      if (fate === 'killed') await killPlugin(kernel);
      throw new Error('the disk is full');
    };
    const failing = kernel.generateImage({ ...request, n: 2 }, { ...options, onResult });
    await expect(failing).rejects.toThrow('the disk is full');
    const { images, provenance } = await kernel.generateImage(
      { ...request, n: 2 },
      { ...options, onResult: () => expect(keptPicturesIn(storageFolder)).toHaveLength(2) },
    );
    for (const { bytes } of images) expect(await isPictureOf(bytes, 'one')).toBe(true);
    expect(provenance.parameters).toMatchObject({ resumed: 2 });
    expect(emulator.paid).toBe(2);
    await expect.poll(() => recordsIn(storageFolder)).toEqual([]);
  });

  it('between its upload and its creation, as the record says', async () => {
    const { emulator, storageFolder, createKernel, setScript } = await createWorld();
    const kernel = createKernel();
    setScript(killAt(() => pidOf(kernel), ['POST', paths.create, 1, before]));
    await expect(kernel.generateImage(...call('x'))).rejects.toMatchObject(crashed);
    const [record = ''] = recordsIn(storageFolder);
    const written = JSON.parse(readFileSync(record, 'utf8'));
    expect(written).toMatchObject({ stage: 'creating', fileId: expect.any(String) });
    writeFileSync(record, JSON.stringify({ ...written, stage: 'uploaded', askedAt: undefined }));
    const { provenance } = await kernel.generateImage(...call('x'));
    expect(provenance.parameters).toMatchObject({ resumed: 1 });
    expect(emulator.seen('POST', paths.upload)).toHaveLength(kind.uploadRequests);
    expect(emulator.paid).toBe(1);
  });

  it('while it is gathered: nothing has been sent, and nothing is paid', async () => {
    const { emulator, createKernel } = await createWorld({ settings: { gatherMs: 1_000 } });
    const kernel = createKernel();
    let told = 0;
    const [request, options] = call('x');
    const lost = kernel.generateImage(request, { ...options, onProgress: () => void told++ });
    lost.catch(() => {});
    await expect.poll(() => told).toBeGreaterThan(0);
    process.kill(pidOf(kernel), 'SIGKILL');
    await expect(lost).rejects.toMatchObject(crashed);
    expect(emulator.requests).toHaveLength(0);
    await kernel.generateImage(request, options);
    expect(emulator.paid).toBe(1);
  });

  it('is made although nobody comes again, and its images are kept', async () => {
    const { emulator, storageFolder, createKernel, setScript } = await createWorld({
      course: () => ({ perLineMs: 100 }),
    });
    const kernel = createKernel();
    setScript(killAt(() => pidOf(kernel), ['GET', paths.look, 1, before]));
    await expect(kernel.generateImage(...call('lost'))).rejects.toThrow();
    await kernel.generateImage(...call('another'));
    await expect.poll(() => keptPicturesIn(storageFolder).length).toBe(1);
    await kernel.close();
    const { provenance } = await createKernel().generateImage(...call('lost'));
    expect(provenance.parameters).toMatchObject({ resumed: 1, batches: [firstId] });
    expect(emulator.paid).toBe(2);
  });

  it('is found by the name of its call, and by no other', async () => {
    const { emulator, createKernel, setScript } = await createWorld();
    const kernel = createKernel();
    setScript(killAt(() => pidOf(kernel), ['GET', paths.download, 1, before]));
    const named = (callName: string) => ({
      ...call('x')[0],
      providerOptions: { [plugin]: { delivery: 'batch', callName } },
    });
    await expect(kernel.generateImage(named('order 17'))).rejects.toMatchObject(crashed);
    const other = await kernel.generateImage(named('order 18'));
    expect(other.provenance.parameters).not.toHaveProperty('resumed');
    const { provenance } = await kernel.generateImage(named('order 17'));
    expect(provenance.parameters).toMatchObject({ resumed: 1, batches: [firstId] });
    expect(emulator.paid).toBe(2);
  });
});

describe.each(batchKinds)('a batch of $plugin, of a kernel', ({ paths, createWorld, call }) => {
  it('that is closed is taken up by the next one', async () => {
    const { emulator, storageFolder, createKernel } = await createWorld({
      course: () => ({ perLineMs: 700 }),
    });
    const kernel = createKernel();
    const lost = kernel.generateImage(...call('x'));
    lost.catch(() => {});
    await expect.poll(() => emulator.batches.size).toBe(1);
    await kernel.close();
    await expect(lost).rejects.toThrow();
    expect(recordsIn(storageFolder)).toHaveLength(1);
    const { provenance } = await createKernel().generateImage(...call('x'));
    expect(provenance.parameters).toMatchObject({ resumed: 1 });
    expect(emulator.seen('POST', paths.cancel)).toHaveLength(0);
    expect(emulator.paid).toBe(1);
  });
});
