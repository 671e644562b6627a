/**
 * Input images that make a request larger than Google takes: they are uploaded, and named by their addresses.
 *
 * @module
 */
import { readFileSync } from 'node:fs';
import { isPictureOf, subjectOf } from '@easel/plugin-sdk/emulator';
import { describe, expect, it } from 'vitest';
import { createGeminiWorld } from './gemini-world.js';
import { pidOf } from './provider-kernels.js';

const megabyte = 1_000_000;
/** As large as wanted, and known for a PNG by its first bytes. */
function pngOf(bytes: number, fill: number): Uint8Array<ArrayBuffer> {
  const image = new Uint8Array(bytes).fill(fill);
  image.set([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);
  return image;
}
const asInputs = (all: readonly Uint8Array<ArrayBuffer>[]) =>
  all.map((bytes) => ({ bytes, mediaType: 'image/png' as const }));

const quick = { gatherMs: 20, firstPollMs: 10, longestPollMs: 40, settleMs: 500 };
const background = { firstPollMs: 20, longestPollMs: 80 };

/** Bytes of memory that a process has had at most. */
const peakOf = (pid: number) =>
  1024 * Number(/^VmHWM:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]);

describe.each(['direct', 'background', 'batch'])('100 MB of input images, %s', (delivery) => {
  it('are uploaded once for all images of a call, and deleted when these have been received', async () => {
    const { ask, emulator, manager } = await createGeminiWorld({
      settings: { delivery, background, ...quick },
    });
    await ask('a warm-up');
    const before = peakOf(pidOf(manager));
    const inputs = [pngOf(50 * megabyte, 1), pngOf(50 * megabyte, 2)];
    const { images } = await ask('both together', { inputImages: asInputs(inputs), n: 2 });
    for (const { bytes } of images)
      expect(await isPictureOf(bytes, subjectOf('both together', inputs))).toBe(true);
    expect(images).toHaveLength(2);
    const begun = emulator.seen('POST', /^\/upload\//).filter(({ query }) => query.upload_id === undefined);
    const ofImages = begun.filter(({ json }) => JSON.stringify(json).includes('image/png'));
    expect(ofImages).toHaveLength(2);
    const largest = Math.max(...emulator.requests.map(({ body }) => body.byteLength));
    expect(largest).toBeLessThan(10 * megabyte);
    await expect
      .poll(() => [...emulator.files.stored.values()].filter(({ mimeType }) => mimeType === 'image/png'))
      .toEqual([]);
    // The images themselves, once more where they are read, and a piece that is sent.
    const held = peakOf(pidOf(manager)) - before;
    expect(held).toBeLessThan(350 * megabyte);
  });
});

describe('large input images', () => {
  const inputs = [pngOf(76 * megabyte, 3)];
  const asked = { inputImages: asInputs(inputs) };
  const subject = (prompt: string) => subjectOf(prompt, inputs);

  it('are found when their call comes again', async () => {
    const { ask, emulator, manager } = await createGeminiWorld();
    emulator.script = ({ method, path }) =>
      method === 'POST' && path.endsWith(':generateContent') ? { breakOff: 'before' } : undefined;
    const call = { prompt: 'again', ...asked };
    await expect(manager.generateImage(call, { requestId: 'one' })).rejects.toMatchObject({
      mayBePaid: true,
    });
    emulator.script = undefined;
    await expect(manager.generateImage(call, { requestId: 'one' })).rejects.toMatchObject({
      mayBePaid: true,
    });
    expect(emulator.files.stored.size).toBe(1);
    expect(emulator.paid).toBe(0);
    // Another call is another file.
    await ask('again', asked);
    expect(emulator.paid).toBe(1);
  });

  it('that cannot be uploaded have paid nothing, and are sent again', async () => {
    const { ask, emulator } = await createGeminiWorld({ retries: 1 });
    let uploads = 0;
    emulator.script = ({ query }) =>
      query.upload_id !== undefined && ++uploads === 2 ? { breakOff: 'before' } : undefined;
    const { images } = await ask('a late one', asked);
    expect(await isPictureOf(images[0]!.bytes, subject('a late one'))).toBe(true);
    expect(emulator.paid).toBe(1);
  });

  it('are kept for those that go on from an image, in the background', async () => {
    const { ask, emulator } = await createGeminiWorld({
      settings: { delivery: 'background', background },
    });
    const keepTurn = { providerOptions: { gemini: { keepTurn: true } } };
    const { provenance } = await ask('first', { ...asked, ...keepTurn });
    const [previousTurn = ''] = (provenance.parameters as { turns?: string[] }).turns ?? [];
    const { images } = await ask('then', { providerOptions: { gemini: { previousTurn } } });
    expect(images).toHaveLength(1);
    expect(emulator.files.stored.size).toBe(1);
  });

  it('are refused where this machine keeps the turn, which is longer than Google keeps files', async () => {
    const { ask, emulator } = await createGeminiWorld();
    const keepTurn = { providerOptions: { gemini: { keepTurn: true } } };
    await expect(ask('x', { ...asked, ...keepTurn })).rejects.toMatchObject({
      code: 'ERR_REQUEST_INVALID',
      message: expect.stringContaining('inputImages'),
    });
    expect(emulator.requests).toHaveLength(0);
  });
});
