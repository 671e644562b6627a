import { imageFormatOf } from './image-format.js';

export interface ImageIdentity {
  readonly mediaType: 'image/png' | 'image/jpeg' | 'image/webp' | 'image/avif';
  /** Pixels, as encoded. */
  readonly width: number;
  readonly height: number;
}

/** Chunks, segments or boxes that are looked at: more than files have of half a gigabyte. */
const mostParts = 100_000;

type Size = Pick<ImageIdentity, 'width' | 'height'>;

/**
 * What an image file is, by its structure: no pixel is decoded. Undefined for what is no PNG, JPEG, WebP or
 * AVIF file, for one that is cut short, and for one without pixels.
 */
export function identifyImage(bytes: Uint8Array): ImageIdentity | undefined {
  const format = imageFormatOf(bytes);
  if (format !== 'png' && format !== 'jpeg' && format !== 'webp' && format !== 'avif') return undefined;
  try {
    const size = readers[format](Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength));
    return size && size.width * size.height > 0 ? { mediaType: `image/${format}`, ...size } : undefined;
  } catch (error) {
    if (error instanceof RangeError) return undefined;
    throw error;
  }
}

/** Each answers undefined, or throws RangeError, where the file is not whole. */
const readers = { png: readPng, jpeg: readJpeg, webp: readWebp, avif: readAvif };

/** `IHDR` and `IEND`. */
const chunkTypes = { header: 0x49484452, end: 0x49454e44 } as const;

/** PNG specification, sections 5.3 and 11.2: chunks from IHDR to IEND. */
function readPng(file: Buffer): Size | undefined {
  if (file.readUInt32BE(12) !== chunkTypes.header) return undefined;
  for (let at = 8, parts = 0; parts < mostParts; parts++) {
    const isEnd = file.readUInt32BE(at + 4) === chunkTypes.end;
    at += 12 + file.readUInt32BE(at);
    if (at > file.byteLength) return undefined;
    if (isEnd) return { width: file.readUInt32BE(16), height: file.readUInt32BE(20) };
  }
  return undefined;
}

/** ITU-T T.81, annex B: segments up to the frame header, and an end of image behind it. */
function readJpeg(file: Buffer): Size | undefined {
  for (let at = 2, parts = 0; parts < mostParts && file.readUInt8(at) === 0xff; parts++) {
    const marker = file.readUInt8(at + 1);
    if (marker >= 0xc0 && marker <= 0xcf && ![0xc4, 0xc8, 0xcc].includes(marker)) {
      const isWhole = file.lastIndexOf('\xff\xd9', undefined, 'latin1') > at;
      return isWhole ? { height: file.readUInt16BE(at + 5), width: file.readUInt16BE(at + 7) } : undefined;
    }
    // Markers may have fill bytes before them.
    at += marker === 0xff ? 1 : 2 + file.readUInt16BE(at + 2);
  }
  return undefined;
}

/** RFC 9649: lossy, lossless or extended. */
function readWebp(file: Buffer): Size | undefined {
  if (file.readUInt32LE(4) + 8 > file.byteLength) return undefined;
  const kind = file.toString('latin1', 12, 16);
  if (kind === 'VP8 ')
    return { width: file.readUInt16LE(26) & 0x3fff, height: file.readUInt16LE(28) & 0x3fff };
  if (kind === 'VP8X') return { width: file.readUIntLE(24, 3) + 1, height: file.readUIntLE(27, 3) + 1 };
  if (kind !== 'VP8L') return undefined;
  const bits = file.readUInt32LE(21);
  return { width: (bits & 0x3fff) + 1, height: ((bits >>> 14) & 0x3fff) + 1 };
}

/**
 * ISO/IEC 23008-12, 6.5.3: the largest of the sizes in it, as those of tiles and thumbnails are smaller.
 */
function readAvif(file: Buffer): Size | undefined {
  const meta = boxesOf(file).find(({ type }) => type === 'meta')?.data;
  const within = (data: Buffer | undefined, name: string) =>
    data && boxesOf(data).find(({ type }) => type === name)?.data;
  const properties = within(within(meta?.subarray(4), 'iprp'), 'ipco');
  return boxesOf(properties ?? Buffer.alloc(0))
    .filter(({ type }) => type === 'ispe')
    .map(({ data }) => ({ width: data.readUInt32BE(4), height: data.readUInt32BE(8) }))
    .sort((one, other) => other.width * other.height - one.width * one.height)[0];
}

/** The boxes of ISO/IEC 14496-12, section 4.2, side by side. Throws RangeError where one is cut short. */
function boxesOf(bytes: Buffer): { readonly type: string; readonly data: Buffer }[] {
  const boxes = [];
  for (let at = 0; at < bytes.byteLength && boxes.length < mostParts; ) {
    const short = bytes.readUInt32BE(at);
    const head = short === 1 ? 16 : 8;
    const size = short === 1 ? Number(bytes.readBigUInt64BE(at + 8)) : short || bytes.byteLength - at;
    if (size < head || at + size > bytes.byteLength) throw new RangeError('A box is cut short.');
    boxes.push({
      type: bytes.toString('latin1', at + 4, at + 8),
      data: bytes.subarray(at + head, at + size),
    });
    at += size;
  }
  return boxes;
}
