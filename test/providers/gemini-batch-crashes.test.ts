/**
 * Batches of Gemini whose process is killed, where they differ from those of others; what all have in common
 * is in `batches/`.
 *
 * @module
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { isPictureOf } from '@easel/plugin-sdk/emulator';
import { describe, expect, it } from 'vitest';
import { createGeminiBatchWorld, small } from './gemini-batch-world.js';
import { keptPicturesIn, recordsIn } from './kept-pictures.js';
import { before, killAt } from './kill-at.js';
import { pidOf } from './provider-kernels.js';

const uploads = /^\/upload\/v1beta\/files$/;
const creates = /:batchGenerateContent$/;
const download = /:download$/;

/** The same call has the same id, each time that it is made. */
const idOf = ({ prompt }: { readonly prompt: string }) => ({ requestId: `call of ${prompt}` });

describe('a batch of a plugin that is killed', () => {
  it('between its upload and its creation, as the record says, and its upload has expired meanwhile', async () => {
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
    emulator.files.delete(written.fileId);
    const { provenance } = await kernel.generateImage({ prompt: 'x', ...small }, idOf({ prompt: 'x' }));
    expect(provenance.parameters).toMatchObject({ resumed: 1 });
    expect(emulator.seen('POST', uploads)).toHaveLength(4);
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
