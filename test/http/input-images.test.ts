import { crc32, deflateSync } from 'node:zlib';
import sharp from 'sharp';
import { describe, expect, it } from 'vitest';
import { readInputImages } from '../../core/src/http/input-image.js';
import { startServer } from './server.js';

const picture = (edge: number) =>
  sharp({ create: { width: edge, height: edge, channels: 3, background: '#2a9d8f' } });
const read = async (...files: readonly [Uint8Array, ...Uint8Array[]]) => {
  const given = files.map((bytes, index) => ({ param: `image.${index}`, bytes: new Uint8Array(bytes) }));
  const [first] = await readInputImages(given);
  return first as NonNullable<typeof first>;
};
const uint32 = (value: number) => Buffer.from(Uint32Array.of(value).buffer).swap32();
const chunk = (type: string, data: Uint8Array) => {
  const body = Buffer.concat([Buffer.from(type, 'latin1'), data]);
  return Buffer.concat([uint32(data.byteLength), body, uint32(crc32(body))]);
};
/** A PNG file that says it is so large, with so many bytes of zeros for its pixels. */
const png = (edge: number, zeros: number) =>
  Buffer.concat([
    Buffer.from('\x89PNG\r\n\x1a\n', 'latin1'),
    chunk('IHDR', Buffer.concat([uint32(edge), uint32(edge), Buffer.from([8, 2, 0, 0, 0])])),
    chunk('IDAT', deflateSync(Buffer.alloc(zeros))),
    chunk('IEND', Buffer.alloc(0)),
  ]);
const svg = Buffer.from(
  '<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg" width="20000" height="20000"><rect/></svg>',
);

describe('an image that a caller hands in', () => {
  it.each(['png', 'jpeg', 'webp'] as const)('%s is passed on as it is', async (format) => {
    const bytes = await picture(40).toFormat(format).toBuffer();
    expect(await read(bytes)).toEqual({ bytes: new Uint8Array(bytes), mediaType: `image/${format}` });
  });

  it.each(['gif', 'avif', 'tiff'] as const)('%s becomes PNG', async (format) => {
    const { bytes, mediaType } = await read(await picture(40).toFormat(format).toBuffer());
    const header = await sharp(bytes).metadata();
    expect({ mediaType, format: header.format, width: header.width }).toEqual({
      mediaType: 'image/png',
      format: 'png',
      width: 40,
    });
  });

  it('only the first frame of one that moves counts', async () => {
    const frames = await sharp(
      [await picture(20).png().toBuffer(), await picture(20).negate().png().toBuffer()],
      {
        join: { animated: true },
      },
    )
      .gif()
      .toBuffer();
    expect((await sharp(frames).metadata()).pages).toBe(2);
    const header = await sharp((await read(frames)).bytes).metadata();
    expect([header.width, header.height]).toEqual([20, 20]);
  });

  const whole = ['png', 'jpeg', 'webp', 'gif', 'avif', 'tiff'] as const;
  it.each(whole)('a %s file that is cut off is refused', async (format) => {
    const noise = sharp({
      create: {
        width: 64,
        height: 64,
        channels: 3,
        background: '#888',
        noise: { type: 'gaussian', mean: 128, sigma: 40 },
      },
    });
    const bytes = await noise.toFormat(format).toBuffer();
    for (const share of [0.1, 0.5, 0.9])
      await expect(read(bytes.subarray(0, Math.floor(bytes.length * share)))).rejects.toMatchObject({
        status: 400,
        param: 'image.0',
      });
  });

  it.each([
    ['nothing', new Uint8Array(0)],
    ['text', Buffer.from('a picture')],
    ['SVG', svg],
    ['PDF', Buffer.from('%PDF-1.7\n1 0 obj')],
    ['a portable pixmap', Buffer.from('P6 1 1 255 abc')],
    ['a file of libvips', Buffer.from('\xb6\xa6\xf2\x08', 'latin1')],
    ['the first bytes of a PNG, and SVG', Buffer.concat([Buffer.from('\x89PNG\r\n\x1a\n', 'latin1'), svg])],
    ['a header of no pixels', png(0, 10)],
    ['a header of 65,535 x 65,535 pixels', png(65_535, 10)],
    ['a header of 8,000 x 8,000 pixels without those', png(8_000, 10)],
  ])('%s is refused', async (_, bytes) => {
    await expect(read(bytes)).rejects.toMatchObject({ status: 400, param: 'image.0' });
  });

  it('17 megapixels of AVIF are read, and 67 would take a gigabyte', async () => {
    const small = await picture(4_096).avif({ effort: 0 }).toBuffer();
    expect((await read(small)).mediaType).toBe('image/png');
    const large = await picture(8_192).avif({ effort: 0 }).toBuffer();
    await expect(read(large)).rejects.toMatchObject({ status: 400 });
  });

  it('all images of a request together are bounded', async () => {
    const bytes = await picture(8_000).png().toBuffer();
    expect((await read(bytes, bytes)).mediaType).toBe('image/png');
    await expect(read(bytes, bytes, bytes)).rejects.toMatchObject({ status: 400, param: 'image.2' });
  });

  it('every header is looked at before an image is decoded', async () => {
    const bytes = await picture(8_000).png().toBuffer();
    const from = process.cpuUsage();
    await expect(read(bytes, bytes, svg)).rejects.toMatchObject({ status: 400, param: 'image.2' });
    const refused = process.cpuUsage(from);
    const again = process.cpuUsage();
    await read(bytes, bytes);
    const decoded = process.cpuUsage(again);
    expect(refused.user * 10).toBeLessThan(decoded.user);
  });
});

describe('at every door', () => {
  it('a picture that cannot be read is named by its field', async () => {
    const server = await startServer();
    const data = svg.toString('base64');
    const form = (name: string) => {
      const parts = new FormData();
      parts.set('prompt', 'a');
      parts.set(name, new Blob([svg], { type: 'image/png' }), 'a.png');
      return fetch(`${server.url}/v1/images/edits`, { method: 'POST', body: parts });
    };
    const answers = await Promise.all([
      form('image'),
      form('mask'),
      form('image[]'),
      server.post('/sdapi/v1/img2img', { prompt: 'a', init_images: [data] }),
      server.post('/sdapi/v1/img2img', { prompt: 'a', init_images: [`data:image/png;base64,${data}`] }),
    ]);
    const texts = await Promise.all(answers.map(async (answer) => `${answer.status} ${await answer.text()}`));
    const fields = ['image', 'mask', 'image[]', 'init_images.0', 'init_images.0'];
    for (const [index, text] of texts.entries()) {
      expect(text).toMatch(/^400 /);
      expect(text).toContain(`${fields[index]}: is not a PNG`);
    }
  });
});
