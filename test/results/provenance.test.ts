import { embedProvenance, readProvenance } from '@easel/core';
import { EaselError } from '@easel/plugin-sdk';
import sharp from 'sharp';
import { describe, expect, it } from 'vitest';
import { readPngText, writePngText } from '../../core/src/results/png-text.js';
import { onePixelPng } from '../fixtures/one-pixel-png.js';
import { png, resultOf } from './pictures.js';

const embedded = (result: ReturnType<typeof resultOf>, index = 0) =>
  embedProvenance(result).images[index]?.bytes ?? new Uint8Array();
const everything = {
  prompt: 'ein rotes Häuschen, 赤い家',
  negativePrompt: 'people',
  steps: 20,
  guidanceScale: 3.5,
  sampler: 'dpmpp_2m',
  options: { tiled: true, nested: { b: 1, a: [2] } },
};

describe('embedProvenance', () => {
  it('gives equal bytes for equal calls, whatever the plugin tells beside', () => {
    const once = resultOf([png(7)], { ...everything, pid: 1 } as never);
    const again = resultOf([png(7)], { ...everything, pid: 2 } as never);
    expect(embedded(once)).toEqual(embedded(again));
    const otherOrder = { ...everything, options: { nested: { a: [2], b: 1 }, tiled: true } };
    expect(embedded(resultOf([png(7)], otherOrder))).toEqual(embedded(once));
  });

  it('tells of each picture of a call its own seed', () => {
    const result = resultOf([png(7), png(8)]);
    const document = JSON.parse(readPngText(embedded(result, 1)).get('easel') ?? '');
    expect(document).toMatchObject({ schema: 1, model: 'painter-one', parameters: { seed: 8, n: 1 } });
    expect(embedded(result, 1)).toEqual(embedded(resultOf([png(8)])));
    expect(readPngText(embedded(result, 1)).get('parameters')).toContain('Seed: 8, Size: 96x64');
  });

  it('holds no time and no attempt', () => {
    expect(readPngText(embedded(resultOf([png(7)]))).get('easel')).not.toMatch(/ms|time|attempt|duration/i);
  });

  it('warns of what is not what it says, and lets it pass', () => {
    const jpeg = { ...png(1), mediaType: 'image/jpeg' };
    const webp = { ...png(1), mediaType: 'image/webp' };
    const broken = { ...png(2), bytes: onePixelPng.subarray(0, 40) };
    const result = embedProvenance(resultOf([jpeg, webp, broken]));
    expect(result.images).toEqual([jpeg, webp, broken]);
    expect(result.warnings).toMatchObject([
      { message: expect.stringMatching(/Picture 1 .* JPEG file does not begin/) },
      { message: expect.stringMatching(/Picture 2 .* WebP file does not begin/) },
      { message: expect.stringMatching(/Picture 3 .* cut short/) },
    ]);
  });

  it('leaves a file as it is that its provider has signed', () => {
    const bytes = new Uint8Array(Buffer.from('\xff\xd8\xff\xeb....jumb....jumdc2pa....', 'latin1'));
    const signed = { ...png(1), bytes, mediaType: 'image/jpeg' };
    const result = embedProvenance(resultOf([signed]));
    expect([result.images, result.warnings]).toEqual([[signed], []]);
  });

  it.each<[string, 'png' | 'jpeg' | 'webp' | 'avif', object, number]>([
    ['AVIF', 'avif', { quality: 90 }, 3],
    ['AVIF with opacity', 'avif', { quality: 90 }, 4],
    ['PNG', 'png', {}, 3],
    ['JPEG', 'jpeg', { quality: 90 }, 3],
    ['lossy WebP', 'webp', { quality: 90 }, 3],
    ['lossless WebP', 'webp', { lossless: true }, 3],
    ['WebP with opacity', 'webp', { quality: 90 }, 4],
    ['lossless WebP with opacity', 'webp', { lossless: true }, 4],
  ])('marks a %s as made by a model, and its pixels stay', async (_, format, options, channels) => {
    const background = { r: 200, g: 40, b: 90, alpha: 0.5 };
    const drawn = sharp({ create: { width: 97, height: 63, channels: channels as 3 | 4, background } });
    const bytes = new Uint8Array(await drawn.toFormat(format, options).toBuffer());
    const image = { bytes, mediaType: `image/${format}`, width: 97, height: 63, seed: 7 } as const;
    const result = resultOf([image], everything);
    for (const [source, term] of [
      ['made', '/trainedAlgorithmicMedia"'],
      ['edited', '/compositeWithTrainedAlgorithmicMedia"'],
    ] as const) {
      const [marked] = embedProvenance(result, source).images;
      const read = sharp(marked?.bytes);
      const metadata = await read.metadata();
      // sharp calls AVIF by the name of its container.
      const name = format === 'avif' ? 'heif' : format;
      expect(metadata).toMatchObject({ format: name, width: 97, height: 63, channels });
      expect(metadata.xmp?.toString()).toContain(term);
      expect(await read.raw().toBuffer()).toEqual(await sharp(bytes).raw().toBuffer());
      if (format === 'png') continue;
      // As another program reads it.
      const exif = metadata.exif ?? Buffer.alloc(0);
      const comment = exif.subarray(exif.indexOf('UNICODE') + 8);
      const text = Buffer.from(comment.subarray(0, comment.byteLength & ~1))
        .swap16()
        .toString('utf16le');
      const { request } = readProvenance(marked?.bytes ?? bytes);
      expect(request).toMatchObject({
        prompt: everything.prompt,
        negativePrompt: 'people',
        steps: 20,
        seed: 7,
      });
      expect(text).toContain('赤い家');
      expect(text).toContain('Steps: 20, Sampler: dpmpp_2m, CFG scale: 3.5, Seed: 7');
    }
  });
});

describe('readProvenance', () => {
  it('gives the request back', () => {
    expect(readProvenance(embedded(resultOf([png(7)], everything)))).toMatchObject({
      request: {
        prompt: everything.prompt,
        negativePrompt: 'people',
        model: 'painter-one',
        width: 96,
        height: 64,
        n: 1,
        seed: 7,
        steps: 20,
        guidanceScale: 3.5,
        sampler: 'dpmpp_2m',
        providerOptions: { painter: everything.options },
      },
      warnings: [],
      document: { plugin: { id: 'painter', version: '1.2.3' } },
    });
  });

  it.each(['image/jpeg', 'image/webp', 'image/avif'])(
    'of a %s that is damaged anywhere is read or refused, never thrown at',
    async (mediaType) => {
      const drawn = sharp({ create: { width: 8, height: 8, channels: 3, background: 'red' } });
      const bytes = new Uint8Array(
        await drawn.toFormat(mediaType.slice('image/'.length) as 'jpeg').toBuffer(),
      );
      const image = { bytes, mediaType, width: 8, height: 8, seed: 7 };
      const whole = embedded(resultOf([image], everything));
      for (let at = 0; at < whole.byteLength; at++) {
        for (const damaged of [whole.slice(0, at), whole.with(at, (whole[at] ?? 0) ^ 0xff)]) {
          try {
            readProvenance(damaged);
          } catch (error) {
            expect(EaselError.isInstance(error) && error.code).toBe('ERR_REQUEST_INVALID');
          }
        }
      }
    },
  );

  it('leaves out the strength, because the input image is not there', () => {
    const { request, warnings } = readProvenance(embedded(resultOf([png(7)], { strength: 0.5 })));
    expect(request).not.toHaveProperty('strength');
    expect(warnings).toMatchObject([{ parameter: 'strength' }]);
  });

  const withTexts = (texts: Record<string, string>) => writePngText(onePixelPng, texts);
  const document = (changes: object) =>
    JSON.stringify({
      ...JSON.parse(readPngText(embedded(resultOf([png(7)]))).get('easel') ?? ''),
      ...changes,
    });

  it('reads the text of other tools where there is nothing of its own, or something newer', () => {
    expect(readProvenance(withTexts({ parameters: 'a house' })).request).toEqual({ prompt: 'a house' });
    const newer = readProvenance(
      withTexts({ easel: document({ schema: 2 }), parameters: 'a house' }),
      'new.png',
    );
    expect(newer.request).toEqual({ prompt: 'a house' });
    expect(newer.warnings[0]?.message).toMatch(/new\.png was written by a newer Easel/);
  });

  it.each([
    ['nothing', {}, /new\.png does not tell how it was made/],
    ['no JSON', { easel: '{' }, /its "easel" text is not JSON/],
    ['a newer document alone', { easel: document({ schema: 2 }) }, /does not validate: schema/],
    ['a wrong type', { easel: document({ model: 7 }), parameters: 'x' }, /does not validate: model/],
    [
      'a value out of range',
      { easel: document({ parameters: { prompt: 'x', width: 8, height: 1e9, n: 1 } }) },
      /parameters\.height/,
    ],
    ['null', { easel: 'null' }, /does not validate/],
  ])('refuses a file that tells %s', (_, texts, message) => {
    expect(() => readProvenance(withTexts(texts), 'new.png')).toThrow(
      expect.objectContaining({ code: 'ERR_REQUEST_INVALID', message: expect.stringMatching(message) }),
    );
  });

  it('names the file that is not a PNG', () => {
    expect(() => readProvenance(new Uint8Array(5), 'notes.txt')).toThrow(
      /^notes\.txt: The PNG file does not/,
    );
  });
});
