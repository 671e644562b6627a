/**
 * Images that Parasail answers by their addresses: fetched by the rules of `fetchImage`, again and again, and
 * never paid a second time.
 *
 * @module
 */
import { isPictureOf } from '@easel/plugin-sdk/emulator';
import { describe, expect, it } from 'vitest';
import { keptPicturesIn } from './kept-pictures.js';
import { by, createParasailWorld } from './parasail-world.js';

const isImage = (path: string) => path.startsWith('/images/');
const open = { allowPrivateAddresses: true };

describe.each(['direct', 'batch'] as const)('an image that is answered by its address (%s)', (delivery) => {
  it('is fetched without the key, and again where that fails', async () => {
    const { emulator, createKernel } = await createParasailWorld({
      answersUrls: true,
      settings: open,
      retries: 3,
    });
    let fetches = 0;
    emulator.script = ({ path }) => {
      if (!isImage(path) || ++fetches > 2) return undefined;
      return fetches === 1 ? { answer: { status: 503 } } : { cutAtByte: 100 };
    };
    const { images, provenance } = await createKernel().generateImage({ prompt: 'a cow', ...by(delivery) });
    expect(await isPictureOf(images[0]!.bytes, 'a cow')).toBe(true);
    expect(provenance.attempts).toHaveLength(1);
    const seen = emulator.seen('GET', /^\/images/);
    expect(seen).toHaveLength(3);
    for (const { headers } of seen) expect(headers).not.toHaveProperty('authorization');
    expect(emulator.paid).toBe(1);
  });

  it('that stays out of reach fails its call for good, is paid once, and is not named', async () => {
    const { emulator, createKernel, lines } = await createParasailWorld({
      ...{ answersUrls: true, settings: open, retries: 3 },
      script: ({ path }) => (isImage(path) ? { answer: { status: 503 } } : undefined),
    });
    const kernel = createKernel();
    const attempts: unknown[] = [];
    kernel.on('attempt-ended', ({ outcome }) => attempts.push(outcome));
    const error = await kernel
      .generateImage({ prompt: 'a cow', ...by(delivery) })
      .catch((thrown: unknown) => thrown as Error);
    expect(error).toMatchObject({
      code: 'ERR_PROVIDER_BAD_RESPONSE',
      message: expect.stringContaining('may have been paid'),
      mayBePaid: true,
    });
    expect(attempts).toEqual(['ERR_PROVIDER_BAD_RESPONSE']);
    expect(emulator.paid).toBe(1);
    expect(JSON.stringify([(error as Error).message, lines])).not.toContain('signature');
  });

  it('is there when the same call comes again, though its address has expired', async () => {
    const { emulator, storageFolder, createKernel } = await createParasailWorld({
      answersUrls: true,
      settings: open,
    });
    const first = createKernel();
    const lost = first.generateImage(
      { prompt: 'a cow', seed: 7, ...by(delivery) },
      { requestId: 'order 17', onResult: () => Promise.reject(new Error('nobody has it')) },
    );
    await expect(lost).rejects.toThrow('nobody has it');
    await first.close();
    emulator.script = ({ path }) => (isImage(path) ? { answer: { status: 403 } } : undefined);
    const again = createKernel();
    const call = { requestId: 'order 17' };
    const { images, provenance } = await again.generateImage(
      { prompt: 'a cow', seed: 7, ...by(delivery) },
      call,
    );
    expect(await isPictureOf(images[0]!.bytes, 'a cow')).toBe(true);
    expect(provenance.parameters).toMatchObject({ resumed: 1 });
    expect(emulator.paid).toBe(1);
    // Received, it is forgotten.
    await expect.poll(() => keptPicturesIn(storageFolder)).toEqual([]);
  });

  it('is not fetched from this machine or a private network, by itself or by a redirection', async () => {
    const { emulator, createKernel } = await createParasailWorld({ answersUrls: true, retries: 3 });
    await expect(createKernel().generateImage({ prompt: 'a cow', ...by(delivery) })).rejects.toMatchObject({
      code: 'ERR_PROVIDER_BAD_RESPONSE',
      mayBePaid: true,
    });
    expect(emulator.seen('GET', /^\/images/)).toHaveLength(0);
    expect(emulator.paid).toBe(1);
  });

  it('is read no further than its bound, and no longer than its time', async () => {
    const { emulator, createKernel } = await createParasailWorld({
      ...{ answersUrls: true, settings: { ...open, pictureMs: 300 } },
    });
    const kernel = createKernel();
    const ask = () => kernel.generateImage({ prompt: 'a cow', fallback: 'none', ...by(delivery) });
    emulator.script = ({ path }) =>
      isImage(path) ? { answer: { status: 200, body: Buffer.alloc(101 * 2 ** 20, 1) } } : undefined;
    await expect(ask()).rejects.toMatchObject({
      mayBePaid: true,
      message: expect.stringMatching(/larger than/),
    });
    emulator.script = ({ path }) => (isImage(path) ? { trickle: { bytes: 1, everyMs: 50 } } : undefined);
    await expect(ask()).rejects.toMatchObject({ mayBePaid: true, message: expect.stringMatching(/300 ms/) });
    expect(emulator.paid).toBe(2);
  });
});
