/**
 * The plugin's process is killed at each step of a batch. The call is lost, and sent again: its batch is found, by our own id, and is
 * neither paid twice nor lost.
 *
 * @module
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { isPictureOf, readSerial } from '@easel/plugin-sdk/emulator';
import { describe, expect, it } from 'vitest';
import { createGeminiBatchWorld, small } from './gemini-batch-world.js';
import { keptPicturesIn, recordsIn } from './kept-pictures.js';
import { after, before, killAt, type Step } from './kill-at.js';
import { pidOf } from './provider-kernels.js';

const uploads = /^\/upload\/v1beta\/files$/;
const creates = /:batchGenerateContent$/;
const batch = /\/batches\/emulated\d+$/;
const download = /:download$/;

const slowly = { trickle: { bytes: 300, everyMs: 50 } } as const;

const steps: readonly (readonly [string, Step])[] = [
  ['before its upload begins', ['POST', uploads, 1, before]],
  ['when its upload has begun', ['POST', uploads, 1, after]],
  ['before its upload is taken', ['POST', uploads, 2, before]],
  ['when its upload has been taken', ['POST', uploads, 2, after]],
  ['before it is created', ['POST', creates, 1, before]],
  ['when it has been created', ['POST', creates, 1, after]],
  ['when it is looked at first', ['GET', batch, 1, before]],
  ['when it is looked at again', ['GET', batch, 3, after]],
  ['before its results are read', ['GET', download, 1, before]],
  ['while its results are read', ['GET', download, 1, slowly]],
];

type World = Awaited<ReturnType<typeof createGeminiBatchWorld>>;
type Asked = readonly { readonly prompt: string; readonly n: number }[];
/** The same call has the same id, each time that it is made. */
const idOf = ({ prompt }: { readonly prompt: string }) => ({ requestId: `call of ${prompt}` });
const asked: Asked = ['one', 'two', 'three'].map((prompt) => ({ prompt, n: 2, ...small }));

/** The calls again, in another order: each has its pictures of the one batch, and each picture is another. */
async function askAgain({ emulator, storageFolder }: World, kernel: ReturnType<World['createKernel']>) {
  const again = [...asked].reverse();
  const results = await Promise.all(again.map((request) => kernel.generateImage(request, idOf(request))));
  for (const [index, { images, provenance }] of results.entries()) {
    expect(provenance.parameters).toMatchObject({ resumed: 2, batches: ['batches/emulated1'] });
    for (const { bytes } of images) expect(await isPictureOf(bytes, again[index]!.prompt)).toBe(true);
  }
  const serials = results.flatMap(({ images }) => images.map(({ bytes }) => readSerial(bytes)));
  expect(new Set(await Promise.all(serials)).size).toBe(6);
  expect(emulator.batches.size).toBe(1);
  expect(emulator.paid).toBe(6);
  // Nothing is left behind, neither here nor there.
  await expect.poll(() => recordsIn(storageFolder)).toEqual([]);
  expect(emulator.files.stored.size).toBe(0);
}

describe('a batch of a plugin that is killed', () => {
  it.each(steps)('%s', async (_, step) => {
    const world = await createGeminiBatchWorld({ course: () => ({ perLineMs: 40 }) });
    const { emulator, storageFolder, createKernel } = world;
    const kernel = createKernel();
    emulator.script = killAt(() => pidOf(kernel), step);
    const lost = await Promise.allSettled(
      asked.map((request) => kernel.generateImage(request, idOf(request))),
    );
    expect(lost).toMatchObject(asked.map(() => ({ reason: { code: 'ERR_PLUGIN_CRASHED' } })));
    expect(recordsIn(storageFolder)).toHaveLength(1);
    await askAgain(world, kernel);
  });

  it('between two of its results', async () => {
    const world = await createGeminiBatchWorld({ course: () => ({ order: 'shuffled' }) });
    const { emulator, storageFolder, createKernel } = world;
    const kernel = createKernel();
    emulator.script = ({ path }) =>
      download.test(path) ? { trickle: { bytes: 2_000, everyMs: 40 } } : undefined;
    const calls = Promise.allSettled(asked.map((request) => kernel.generateImage(request, idOf(request))));
    await expect.poll(() => keptPicturesIn(storageFolder).length, { timeout: 20_000 }).toBeGreaterThan(0);
    process.kill(pidOf(kernel), 'SIGKILL');
    await calls;
    expect(keptPicturesIn(storageFolder).length).toBeLessThan(6);
    emulator.script = undefined;
    await askAgain(world, kernel);
  });

  it.each([
    ['and its upload is there', false, 2],
    ['and its upload has expired meanwhile', true, 4],
  ])('between its upload and its creation, as the record says, %s', async (_, isGone, uploaded) => {
    const { emulator, storageFolder, createKernel } = await createGeminiBatchWorld();
    const kernel = createKernel();
    emulator.script = killAt(() => pidOf(kernel), ['POST', creates, 1, before]);
    await expect(
      kernel.generateImage({ prompt: 'x', ...small }, idOf({ prompt: 'x' })),
    ).rejects.toMatchObject({
      code: 'ERR_PLUGIN_CRASHED',
    });
    const [path = ''] = recordsIn(storageFolder);
    const written = JSON.parse(readFileSync(path, 'utf8'));
    expect(written).toMatchObject({ stage: 'creating', fileId: `files/${written.id}` });
    writeFileSync(path, JSON.stringify({ ...written, stage: 'uploaded', askedAt: undefined }));
    if (isGone) emulator.files.delete(written.fileId);
    const { provenance } = await kernel.generateImage({ prompt: 'x', ...small }, idOf({ prompt: 'x' }));
    expect(provenance.parameters).toMatchObject({ resumed: 1 });
    expect(emulator.seen('POST', uploads)).toHaveLength(uploaded);
    expect(emulator.paid).toBe(1);
  });

  it('while it is gathered: nothing has been sent, and nothing is paid', async () => {
    const { emulator, createKernel } = await createGeminiBatchWorld({ settings: { gatherMs: 1_000 } });
    const kernel = createKernel();
    let told = 0;
    const call = kernel.generateImage({ prompt: 'x', ...small }, { onProgress: () => void told++ });
    call.catch(() => {});
    await expect.poll(() => told).toBeGreaterThan(0);
    process.kill(pidOf(kernel), 'SIGKILL');
    await expect(call).rejects.toMatchObject({ code: 'ERR_PLUGIN_CRASHED' });
    expect(emulator.requests).toHaveLength(0);
    await kernel.generateImage({ prompt: 'x', ...small });
    expect(emulator.paid).toBe(1);
  });

  it('whose prompt was worded anew: the same call finds it, and its words', async () => {
    const { emulator, createKernel } = await createGeminiBatchWorld();
    const kernel = createKernel();
    let asks = 0;
    const kill = killAt(() => pidOf(kernel), ['GET', download, 1, before]);
    emulator.script = (request) =>
      request.path.includes('flash-lite')
        ? { text: JSON.stringify({ prompt: `words ${++asks}` }) }
        : kill(request);
    const request = { prompt: 'x', providerOptions: { gemini: { enhancePrompt: true } }, ...small };
    await expect(kernel.generateImage(request, idOf(request))).rejects.toMatchObject({
      code: 'ERR_PLUGIN_CRASHED',
    });
    const { images, provenance } = await kernel.generateImage(request, idOf(request));
    expect(await isPictureOf(images[0]!.bytes, 'words 1')).toBe(true);
    expect(provenance.parameters).toMatchObject({ resumed: 1 });
    expect(provenance.parameters).not.toHaveProperty('enhancedPrompt');
    expect(emulator).toMatchObject({ paid: 1, paidTexts: 1 });
  });

  it('is found by the name of its call, and by no other', async () => {
    const { emulator, createKernel } = await createGeminiBatchWorld();
    const kernel = createKernel();
    emulator.script = killAt(() => pidOf(kernel), ['GET', download, 1, before]);
    const named = (callName: string) => ({
      prompt: 'x',
      providerOptions: { gemini: { callName } },
      ...small,
    });
    await expect(kernel.generateImage(named('order 17'))).rejects.toMatchObject({
      code: 'ERR_PLUGIN_CRASHED',
    });
    const other = await kernel.generateImage(named('order 18'));
    expect(other.provenance.parameters).not.toHaveProperty('resumed');
    const { provenance } = await kernel.generateImage(named('order 17'));
    expect(provenance.parameters).toMatchObject({ resumed: 1, batches: ['batches/emulated1'] });
    expect(emulator.paid).toBe(2);
  });
});

describe('a batch of a kernel', () => {
  it('that is closed is taken up by the next one, also where its calls go directly now', async () => {
    const { emulator, storageFolder, createKernel } = await createGeminiBatchWorld({
      course: () => ({ perLineMs: 700 }),
    });
    const kernel = createKernel();
    const call = kernel.generateImage({ prompt: 'x', ...small }, idOf({ prompt: 'x' }));
    call.catch(() => {});
    await expect.poll(() => emulator.batches.size).toBe(1);
    await kernel.close();
    await expect(call).rejects.toThrow();
    expect(recordsIn(storageFolder)).toHaveLength(1);
    const next = createKernel();
    const delivery = (way: string) => ({ providerOptions: { gemini: { delivery: way } } });
    await next.generateImage({ prompt: 'y', ...small, ...delivery('direct') });
    await expect.poll(() => keptPicturesIn(storageFolder).length).toBe(1);
    const { provenance } = await next.generateImage({ prompt: 'x', ...small }, idOf({ prompt: 'x' }));
    expect(provenance.parameters).toMatchObject({ resumed: 1 });
    expect(emulator.seen('POST', /cancel$/)).toHaveLength(0);
    expect(emulator.paid).toBe(2);
  });
});
