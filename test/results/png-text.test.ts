import { deflateSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { makePngChunk, readPngChunks } from '../../core/src/results/png-chunks.js';
import { pngTextLimit, readPngText, writePngText } from '../../core/src/results/png-text.js';
import { onePixelPng } from '../fixtures/one-pixel-png.js';

const typesOf = (png: Uint8Array) => [...readPngChunks(png)].map(({ type }) => type);
const latin1 = (text: string) => Buffer.from(text, 'latin1');

/** The one-pixel picture with a chunk behind its header (33 bytes: signature and IHDR). */
const withChunk = (type: string, data: Uint8Array) =>
  Buffer.concat([onePixelPng.subarray(0, 33), makePngChunk(type, data), onePixelPng.subarray(33)]);

describe('texts in a PNG', () => {
  it.each([
    ['plain', 'a red house', 'tEXt'],
    ['Latin-1', 'ein schönes Häuschen\nin zwei Zeilen', 'tEXt'],
    ['Unicode', '赤い家 🏠 ∑', 'iTXt'],
    ['empty', '', 'tEXt'],
  ])('come back: %s', (_, text, type) => {
    const written = writePngText(onePixelPng, { parameters: text });
    expect(typesOf(written)).toEqual(['IHDR', type, 'IDAT', 'IEND']);
    expect(readPngText(written).get('parameters')).toBe(text);
  });

  it('are replaced under the same keyword, and others stay', () => {
    const first = writePngText(onePixelPng, { parameters: 'old', Author: 'somebody' });
    const second = writePngText(first, { parameters: 'new', easel: '{}' });
    expect([...readPngText(second)]).toEqual([
      ['parameters', 'new'],
      ['easel', '{}'],
      ['Author', 'somebody'],
    ]);
    expect(writePngText(second, { parameters: 'new', easel: '{}' })).toEqual(second);
  });

  it('lose zero bytes, which a PNG cannot hold', () => {
    expect(readPngText(writePngText(onePixelPng, { parameters: 'a\0b' })).get('parameters')).toBe('ab');
  });

  it('leave the pixels as they were', () => {
    const pixels = (png: Uint8Array) => [...readPngChunks(png)].find(({ type }) => type === 'IDAT')?.data;
    expect(pixels(writePngText(onePixelPng, { parameters: 'text' }))).toEqual(pixels(onePixelPng));
  });

  it('are read compressed, too', () => {
    const zTXt = Buffer.concat([latin1('parameters\0\0'), deflateSync(latin1('größer'))]);
    expect(readPngText(withChunk('zTXt', zTXt)).get('parameters')).toBe('größer');
    const iTXt = Buffer.concat([latin1('parameters\0\x01\0de\0\0'), deflateSync(Buffer.from('家'))]);
    expect(readPngText(withChunk('iTXt', iTXt)).get('parameters')).toBe('家');
  });
});

describe('a PNG that is not well', () => {
  const withLength = (length: number) => {
    const png = Buffer.from(onePixelPng);
    png.writeUInt32BE(length, 33);
    return png;
  };
  const withWrongByte = () => {
    const png = Buffer.from(onePixelPng);
    png[45] = 255 - (png[45] ?? 0);
    return png;
  };
  const bomb = (bytes: number) =>
    Buffer.concat([latin1('parameters\0\0'), deflateSync(Buffer.alloc(bytes, 'a'))]);

  it.each<[string, Uint8Array, RegExp]>([
    ['nothing', new Uint8Array(), /does not begin as one/],
    ['another format', latin1('\xff\xd8\xff\xe0 a JPEG'), /does not begin as one/],
    ['a signature alone', onePixelPng.subarray(0, 8), /cut short at byte 8/],
    ['cut in a chunk', onePixelPng.subarray(0, 50), /cut short: its IDAT chunk at byte 33 claims/],
    ['without an end', onePixelPng.subarray(0, onePixelPng.length - 12), /cut short/],
    ['a length beyond the file', withLength(1_000_000), /claims 1000000 bytes/],
    ['a length beyond PNG', withLength(0xffff_ffff), /4294967295 bytes, more than PNG allows/],
    ['a wrong checksum', withWrongByte(), /checksum of its IDAT chunk at byte 33 is wrong/],
    ['no header', Buffer.concat([onePixelPng.subarray(0, 8), onePixelPng.subarray(33)]), /its header/],
    ['a text without a keyword', withChunk('tEXt', latin1('no zero byte')), /tEXt chunk without a keyword/],
    ['an iTXt that ends early', withChunk('iTXt', latin1('parameters\0\0\0de')), /ends too early/],
    ['an unknown compression', withChunk('iTXt', latin1('parameters\0\x01\x07\0\0x')), /unknown compression/],
    ['text that is not UTF-8', withChunk('iTXt', latin1('parameters\0\0\0\0\0\xff')), /not UTF-8/],
    [
      'text that does not inflate',
      withChunk('zTXt', latin1('parameters\0\0rubbish')),
      /cannot be decompressed/,
    ],
    ['a bomb', withChunk('zTXt', bomb(pngTextLimit + 1)), /more than 16777216 bytes of text/],
    ['too much text', withChunk('tEXt', Buffer.alloc(pngTextLimit + 20, 'a\0')), /more than 16777216 bytes/],
  ])('%s: is refused, and the message says what', (_, png, message) => {
    expect(() => readPngText(png)).toThrow(
      expect.objectContaining({ code: 'ERR_REQUEST_INVALID', message: expect.stringMatching(message) }),
    );
  });

  it('may hold as much text as is allowed, and not a second time', () => {
    const full = withChunk('zTXt', bomb(pngTextLimit));
    expect(readPngText(full).get('parameters')).toHaveLength(pngTextLimit);
    const twice = Buffer.concat([full.subarray(0, 33), makePngChunk('zTXt', bomb(10)), full.subarray(33)]);
    expect(() => readPngText(twice)).toThrow(/more than 16777216 bytes/);
  });

  it('is refused at every length that it may be cut to', () => {
    const whole = writePngText(onePixelPng, { parameters: 'a red house', easel: '家' });
    for (let length = 0; length < whole.length; length++) {
      expect(() => readPngText(whole.subarray(0, length)), `${length}`).toThrow(/PNG file/);
    }
  });

  it('never does anything but answer or refuse, whatever byte is changed', () => {
    const whole = writePngText(onePixelPng, { parameters: 'a red house', easel: '家' });
    for (let index = 0; index < whole.length; index++) {
      const png = Uint8Array.from(whole);
      png[index] = (png[index] ?? 0) ^ 0x80;
      expect(() => readPngText(png), `${index}`).toThrow(
        expect.objectContaining({ code: 'ERR_REQUEST_INVALID' }),
      );
    }
  });
});
