import type { InputImage } from '@easel/plugin-sdk';
import sharp, { type Sharp } from 'sharp';
import { describe, expect, test } from 'vitest';
import type { Source } from '../pipelines/picture-request.js';
import { readSource } from './read-source.js';

/** One colour left of the middle, another right of it; red and blue where none are given. */
const twoColours = (
  width: number,
  height: number,
  [left, right] = [
    [255, 0, 0],
    [0, 0, 255],
  ],
): Sharp => {
  const rgb = Uint8Array.from({ length: 3 * width * height }, (_, index) => {
    const isLeft = Math.floor(index / 3) % width < width / 2;
    return (isLeft ? left : right)![index % 3]!;
  });
  return sharp(rgb, { raw: { width, height, channels: 3 } });
};
const file = async (
  picture: Sharp,
  format: 'png' | 'jpeg' | 'webp' = 'png',
  mediaType: InputImage['mediaType'] = `image/${format}`,
): Promise<InputImage> => ({
  bytes: new Uint8Array(
    await picture.toFormat(format, format === 'webp' ? { lossless: true } : {}).toBuffer(),
  ),
  mediaType,
});
const pixel = ({ source }: { source: Source }, x: number, y: number, width: number, height: number) => {
  if (source.kind !== 'picture') throw new Error('no picture');
  return [0, 1, 2].map((channel) => source.planes[channel * width * height + y * width + x]);
};
const [red, blue] = [
  [1, -1, -1],
  [-1, -1, 1],
];

describe('an input image', () => {
  test.each(['png', 'jpeg', 'webp'] as const)('is read from %s', async (format) => {
    const read = await readSource({ image: await file(twoColours(32, 16), format), mask: undefined }, 32, 16);
    for (const [x, colour] of [
      [2, red],
      [29, blue],
    ] as const) {
      pixel(read, x, 8, 32, 16).forEach((value, channel) => {
        expect(value).toBeCloseTo(colour![channel]!, format === 'jpeg' ? 1 : 6);
      });
    }
    expect(read.warnings).toEqual([]);
  });

  test('is brought to size, with a warning where that stretches it', async () => {
    const smaller = await readSource({ image: await file(twoColours(64, 32)), mask: undefined }, 32, 16);
    expect(pixel(smaller, 0, 0, 32, 16)).toEqual(red);
    expect(pixel(smaller, 31, 15, 32, 16)).toEqual(blue);
    expect(smaller.warnings).toEqual([]);
    const stretched = await readSource({ image: await file(twoColours(64, 32)), mask: undefined }, 32, 32);
    expect(stretched.warnings).toEqual(['The input image was stretched from 64 x 32 to 32 x 32 pixels.']);
  });

  test('is turned upright, and loses its transparency', async () => {
    const turned = await file(twoColours(32, 16).withMetadata({ orientation: 3 }), 'jpeg');
    const upright = await readSource({ image: turned, mask: undefined }, 32, 16);
    expect(pixel(upright, 2, 8, 32, 16)[2]).toBeCloseTo(1, 1);
    const clear = await readSource(
      { image: await file(twoColours(32, 16).ensureAlpha(0.5)), mask: undefined },
      32,
      16,
    );
    expect(pixel(clear, 2, 8, 32, 16)).toEqual(red);
  });

  test('may be grey, or of sixteen bits', async () => {
    const grey = await file(twoColours(32, 16).greyscale().toColourspace('b-w'));
    const [value, ...others] = pixel(
      await readSource({ image: grey, mask: undefined }, 32, 16),
      2,
      8,
      32,
      16,
    );
    expect(others).toEqual([value, value]);
    const deep = await file(twoColours(32, 16).toColourspace('rgb16'));
    expect(pixel(await readSource({ image: deep, mask: undefined }, 32, 16), 2, 8, 32, 16)).toEqual(red);
  });
});

describe('a mask', () => {
  const half = (width: number, height: number) =>
    twoColours(width, height, [
      [10, 10, 10],
      [250, 250, 250],
    ]);

  test('is 1 where it is white, and goes along with its picture', async () => {
    const files = { image: await file(twoColours(64, 32)), mask: await file(half(64, 32)) };
    const { source } = await readSource(files, 32, 16);
    const mask = source.kind === 'picture' ? source.mask! : [];
    expect([...mask]).toEqual(Array.from({ length: 512 }, (_, i) => (i % 32 < 16 ? 0 : 1)));
  });

  test('of another size is refused', async () => {
    const files = { image: await file(twoColours(64, 32)), mask: await file(half(32, 16)) };
    await expect(readSource(files, 32, 16)).rejects.toMatchObject({
      code: 'ERR_REQUEST_INVALID',
      message: 'mask: it is 32 x 16 and its picture 64 x 32.',
    });
  });
});

describe('refuses', () => {
  const svg = Buffer.from('<svg xmlns="http://www.w3.org/2000/svg" width="32" height="16"/>');
  test.each<[string, () => Promise<InputImage>, RegExp]>([
    [
      'rubbish',
      async () => ({ bytes: Uint8Array.of(1, 2, 3), mediaType: 'image/png' }),
      /cannot be read as image\/png/,
    ],
    [
      'another format than said',
      () => file(twoColours(32, 16), 'jpeg', 'image/png'),
      /cannot be read as image\/png: its bytes are jpeg/,
    ],
    [
      'a format that is not of the contract',
      async () => ({ bytes: svg, mediaType: 'image/png' }),
      /is not a PNG/,
    ],
    [
      'half a file',
      async () => {
        const { bytes, mediaType } = await file(twoColours(320, 160));
        return { bytes: bytes.subarray(0, bytes.length / 2), mediaType };
      },
      /cannot be read as image\/png/,
    ],
  ])('%s', async (_, image, message) => {
    await expect(readSource({ image: await image(), mask: undefined }, 32, 16)).rejects.toMatchObject({
      code: 'ERR_REQUEST_INVALID',
      message: expect.stringMatching(message),
    });
  });
});
