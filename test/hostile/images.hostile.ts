import { crc32, deflateSync } from 'node:zlib';
import sharp from 'sharp';
import { expect, it } from 'vitest';
import { inParallel, type Shot, send, slowest, tally } from './send.js';
import { answerMs, underAttack } from './under-attack.js';

const mebibyte = 1024 * 1024;
const fileBytes = 56 * mebibyte;
const edge = 8_000;
const uint32 = (value: number) => Buffer.from(Uint32Array.of(value).buffer).swap32();
const chunk = (type: string, data: Uint8Array) => {
  const body = Buffer.concat([Buffer.from(type, 'latin1'), data]);
  return Buffer.concat([uint32(data.byteLength), body, uint32(crc32(body))]);
};
const pngOf = (...chunks: readonly Buffer[]) =>
  Buffer.concat([Buffer.from('\x89PNG\r\n\x1a\n', 'latin1'), ...chunks, chunk('IEND', Buffer.alloc(0))]);
const header = (size: number) =>
  chunk('IHDR', Buffer.concat([uint32(size), uint32(size), Buffer.from([8, 2, 0, 0, 0])]));
/** Text or a profile that is packed a thousand times smaller than it is. */
const packed = deflateSync(Buffer.alloc(200 * mebibyte, 'a'));
const plain = () => sharp({ create: { width: edge, height: edge, channels: 3, background: '#777777' } });

/** Files that are small and take much, or large and are nothing, by a name. */
async function bombs(): Promise<[string, Buffer][]> {
  const shapes = '<rect width="9" height="9" filter="url(#f)"/>';
  const svgHead = '<svg xmlns="http://www.w3.org/2000/svg" width="30000" height="30000">';
  const frames = await sharp(
    Array(40).fill({ create: { width: 1_000, height: 1_000, channels: 4, background: '#0000' } }),
    {
      join: { animated: true },
    },
  )
    .gif()
    .toBuffer();
  const small = pngOf(header(16), chunk('IDAT', deflateSync(Buffer.alloc(16 * 49))));
  return [
    ['SVG', Buffer.from(svgHead + shapes.repeat(fileBytes / shapes.length))],
    ['PDF', Buffer.concat([Buffer.from('%PDF-1.7\n'), Buffer.alloc(fileBytes, '1 0 obj\n')])],
    ['PPM', Buffer.concat([Buffer.from('P6 60000 60000 255 '), Buffer.alloc(fileBytes)])],
    ['HDR', Buffer.concat([Buffer.from('#?RADIANCE\n\n-Y 60000 +X 60000\n'), Buffer.alloc(fileBytes)])],
    ['PNG, large', await plain().png().toBuffer()],
    ['PNG, interlaced', await plain().png({ progressive: true }).toBuffer()],
    ['PNG, sixteen bits', await plain().toColourspace('rgb16').png().toBuffer()],
    ['PNG, 65535', pngOf(header(65_535), chunk('IDAT', deflateSync(Buffer.alloc(1_000))))],
    [
      'PNG, text',
      pngOf(
        header(16),
        ...Array(20).fill(chunk('zTXt', Buffer.concat([Buffer.from('a\0\0'), packed]))),
        small.subarray(33),
      ),
    ],
    [
      'PNG, profile',
      pngOf(header(16), chunk('iCCP', Buffer.concat([Buffer.from('a\0\0'), packed])), small.subarray(33)),
    ],
    ['JPEG, progressive', await plain().jpeg({ progressive: true, chromaSubsampling: '4:4:4' }).toBuffer()],
    ['JPEG, garbage', Buffer.concat([Buffer.from([0xff, 0xd8, 0xff, 0xe0]), Buffer.alloc(fileBytes, 0xff)])],
    ['WebP', await plain().webp({ effort: 0 }).toBuffer()],
    ['GIF', await plain().gif({ effort: 1 }).toBuffer()],
    ['GIF, many frames', frames],
    [
      'GIF, garbage',
      Buffer.concat([Buffer.from('GIF89a\xff\xff\xff\xff', 'latin1'), Buffer.alloc(fileBytes, 0x2c)]),
    ],
    [
      'AVIF',
      await sharp({ create: { width: 4_096, height: 4_096, channels: 3, background: '#777777' } })
        .avif({ effort: 0 })
        .toBuffer(),
    ],
    ['TIFF', await plain().tiff({ compression: 'deflate' }).toBuffer()],
    [
      'TIFF, garbage',
      Buffer.concat([Buffer.from('II*\0\x08\0\0\0\xff\xff', 'latin1'), Buffer.alloc(fileBytes, 1)]),
    ],
  ];
}

const form = (file: Buffer) =>
  Buffer.concat([
    Buffer.from('--x\r\ncontent-disposition: form-data; name="prompt"\r\n\r\na\r\n'),
    Buffer.from('--x\r\ncontent-disposition: form-data; name="model"\r\n\r\nsteady-one\r\n'),
    Buffer.from(
      '--x\r\ncontent-disposition: form-data; name="image"; filename="a.png"\r\ncontent-type: image/png\r\n\r\n',
    ),
    file,
    Buffer.from('\r\n--x--\r\n'),
  ]);
const formType = { 'content-type': 'multipart/form-data; boundary=x' };

it('files of every format, made to take memory or time, four at once', () =>
  underAttack('image files', async ({ url }) => {
    const all = [];
    for (const [name, file] of await bombs()) {
      const shot: Shot = { method: 'POST', path: '/v1/images/edits', headers: formType, body: form(file) };
      const answers = await inParallel(Array<Shot>(4).fill(shot), 4, (one) => send(url, one));
      // The fixture's model takes no image: what is well is refused after it has been read.
      const wrong = answers.filter(({ status }) => status !== 400 && status !== 503);
      expect({ name, wrong }).toEqual({ name, wrong: [] });
      expect({ name, isInTime: slowest(answers) < answerMs }).toEqual({ name, isInTime: true });
      all.push(...answers);
    }
    return { ...tally(all), slowestMs: slowest(all) };
  }));

it('sixteen images of a request, and the engine reads them', () =>
  underAttack('images in JSON', async ({ url }) => {
    const avif = await sharp({ create: { width: 4_096, height: 4_096, channels: 3, background: '#777777' } })
      .avif({ effort: 0 })
      .toBuffer();
    const png = await plain().png().toBuffer();
    const shots = [avif, png].flatMap((file): Shot[] => {
      const image = file.toString('base64');
      const headers = { 'content-type': 'application/json' };
      const settings = {
        override_settings: { sd_model_checkpoint: 'picturebook' },
        steps: 2,
        width: 96,
        height: 96,
      };
      const bodyOf = (init_images: string[], more = {}) =>
        JSON.stringify({ prompt: 'a star', ...settings, init_images, ...more });
      return [
        { method: 'POST', path: '/sdapi/v1/img2img', headers, body: bodyOf(Array(16).fill(image)) },
        { method: 'POST', path: '/sdapi/v1/img2img', headers, body: bodyOf([image]) },
        { method: 'POST', path: '/sdapi/v1/img2img', headers, body: bodyOf([image], { mask: image }) },
      ];
    });
    const answers = await inParallel([...shots, ...shots], 6, (shot) => send(url, shot));
    const wrong = answers.filter(({ status }) => ![200, 400, 503].includes(status));
    expect(wrong).toEqual([]);
    expect(slowest(answers)).toBeLessThan(answerMs);
    return { ...tally(answers), slowestMs: slowest(answers) };
  }));
