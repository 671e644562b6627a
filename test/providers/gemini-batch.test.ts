import type { Progress } from '@easel/plugin-sdk';
import { describe, expect, it } from 'vitest';
import { enhanced } from '../emulators/gemini/index.js';
import { drawPicture, isPictureOf, readSerial, subjectOf } from '../emulators/picture.js';
import { createGeminiBatchWorld, small } from './gemini-batch-world.js';

const uploads = /^\/upload\/v1beta\/files$/;
const creates = /:batchGenerateContent$/;

describe('gemini, by batch', () => {
  it('makes a picture for half the price, and sends what the protocol says', async () => {
    const { emulator, createKernel } = await createGeminiBatchWorld();
    const { images, provenance, cost } = await createKernel().generateImage({ prompt: 'a red house' });
    expect(await isPictureOf(images[0]!.bytes, 'a red house')).toBe(true);
    expect(images[0]).toMatchObject({ mediaType: 'image/png', width: 1024, height: 1024 });
    expect(provenance.parameters).toMatchObject({
      delivery: 'batch',
      batches: ['batches/emulated1'],
      aspectRatio: '1:1',
      imageSize: '1K',
      pricesAsOf: '2026-11-22',
    });
    // Half of 1120 tokens of picture at $60 a million, and of 3 of prompt at $0.50.
    expect(cost).toEqual({ amount: 0.03360075, currency: 'USD' });
    expect(emulator.paid).toBe(1);
    const [start, bytes] = emulator.seen('POST', uploads);
    const { file } = start?.json as { file: { name: string } };
    const id = file.name.replace('files/', '');
    expect(id).toMatch(/^[0-9a-f-]{36}$/);
    expect(file).toMatchObject({ displayName: `files/${id}`, mimeType: 'application/jsonl' });
    expect(JSON.parse(bytes!.body.toString('utf8'))).toEqual({
      key: `${id}-1`,
      request: {
        contents: [{ role: 'user', parts: [{ text: 'a red house' }] }],
        generationConfig: {
          responseModalities: ['TEXT', 'IMAGE'],
          imageConfig: { aspectRatio: '1:1', imageSize: '1K' },
        },
      },
    });
    const [create] = emulator.seen('POST', creates);
    expect(create?.path).toBe('/v1beta/models/gemini-3.1-flash-image:batchGenerateContent');
    expect(create?.json).toEqual({
      batch: { displayName: `easel-${id}`, inputConfig: { fileName: `files/${id}` } },
    });
    // What was uploaded is taken away when it has served.
    await expect.poll(() => emulator.files.stored.size).toBe(0);
  });
});
