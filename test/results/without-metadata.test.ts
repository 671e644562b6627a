import { EaselError } from '@easel/plugin-sdk';
import sharp from 'sharp';
import { describe, expect, it } from 'vitest';
import { xmpOf } from '../../core/src/results/digital-source.js';
import { writeJpegMetadata } from '../../core/src/results/jpeg-metadata.js';
import { writePngText } from '../../core/src/results/png-text.js';
import { withoutMetadata } from '../../core/src/results/without-metadata.js';

const image = () =>
  sharp({
    create: {
      width: 33,
      height: 21,
      channels: 3,
      background: '#888',
      noise: { type: 'gaussian', mean: 128, sigma: 40 },
    },
  });
const secret = 'the prompt that nobody is to read';

const codeOf = (act: () => unknown) => {
  try {
    act();
  } catch (error) {
    return EaselError.isInstance(error) ? error.code : error;
  }
  return undefined;
};

describe('a file without its metadata', () => {
  it.each(['png', 'jpeg', 'webp', 'avif'] as const)(
    '%s has the same pixels and tells nothing',
    async (format) => {
      const plain = image()
        .withExif({ IFD0: { ImageDescription: secret } })
        .keepIccProfile();
      const made = await plain.toFormat(format).toBuffer();
      const told = format === 'png' ? Buffer.from(writePngText(made, { parameters: secret })) : made;
      expect(told.includes(secret)).toBe(true);
      const bare = Buffer.from(withoutMetadata(told, `image/${format}`));
      expect(bare.includes(secret)).toBe(false);
      expect(bare.includes('digitalsourcetype/trainedAlgorithmicMedia')).toBe(true);
      const about = await sharp(bare).metadata();
      // sharp calls AVIF by the name of its container.
      const name = format === 'avif' ? 'heif' : format;
      expect([about.format, about.width, about.height, about.exif]).toEqual([name, 33, 21, undefined]);
      expect(await sharp(bare).raw().toBuffer()).toEqual(await sharp(told).raw().toBuffer());
    },
  );

  it.each(['png', 'jpeg', 'webp', 'avif'] as const)('%s is refused where it is not whole', async (format) => {
    const file = await image().toFormat(format).toBuffer();
    expect(codeOf(() => withoutMetadata(file.subarray(0, 40), `image/${format}`))).toBe(
      'ERR_REQUEST_INVALID',
    );
  });

  it('says that it was made of other images where the file said so', async () => {
    const jpeg = writeJpegMetadata(await image().jpeg().toBuffer(), { xmp: xmpOf('edited') });
    const bare = Buffer.from(withoutMetadata(jpeg, 'image/jpeg'));
    expect(bare.includes('digitalsourcetype/compositeWithTrainedAlgorithmicMedia')).toBe(true);
  });
});
