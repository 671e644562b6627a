import { EaselError } from '@easel/plugin-sdk';

/** Of a chunk: its name and the length of its data. */
const headBytes = 8;
/** Flags of the chunk `VP8X`. */
const flags = { xmp: 0x04, exif: 0x08, alpha: 0x10 } as const;

/** An animation has one or more for each frame; empty ones in millions would take long. */
const mostChunks = 10_000;

interface Chunk {
  readonly name: string;
  readonly data: Buffer;
}

/** The same WebP file with EXIF and XMP at its end. Throws ERR_REQUEST_INVALID for what is no WebP file. */
export function writeWebpMetadata(
  webp: Uint8Array,
  { exif, xmp }: { readonly exif?: Uint8Array; readonly xmp: string },
): Uint8Array<ArrayBuffer> {
  const chunks = [...chunksOf(fileOf(webp))];
  const others = chunks.filter(({ name }) => !['VP8X', 'EXIF', 'XMP '].includes(name));
  const header = Buffer.from(chunks.find(({ name }) => name === 'VP8X')?.data ?? extendedHeader(chunks[0]));
  header[0] = (header[0] ?? 0) | (exif ? flags.exif : 0) | flags.xmp;
  const written = [
    { name: 'VP8X', data: header },
    ...others,
    ...(exif ? [{ name: 'EXIF', data: Buffer.from(exif) }] : []),
    { name: 'XMP ', data: Buffer.from(xmp) },
  ];
  return webpOf(written);
}

/**
 * The same WebP file without EXIF, XMP and C2PA. Throws ERR_REQUEST_INVALID for what is no WebP file, or is
 * cut short.
 */
export function withoutWebpMetadata(webp: Uint8Array): Uint8Array {
  const kept = [...chunksOf(fileOf(webp))].filter(({ name }) => !['EXIF', 'XMP ', 'C2PA'].includes(name));
  return webpOf(
    kept.map(({ name, data }) => {
      const copy = Buffer.from(data);
      if (name === 'VP8X') copy[0] = (copy[0] ?? 0) & ~(flags.exif | flags.xmp);
      return { name, data: copy };
    }),
  );
}

function fileOf(webp: Uint8Array): Buffer {
  const file = Buffer.from(webp.buffer, webp.byteOffset, webp.byteLength);
  if (file.toString('latin1', 0, 4) !== 'RIFF' || file.toString('latin1', 8, 12) !== 'WEBP')
    throw invalid('does not begin as one');
  return file;
}

function webpOf(chunks: readonly Chunk[]): Uint8Array<ArrayBuffer> {
  const body = Buffer.concat([Buffer.from('WEBP', 'latin1'), ...chunks.map(chunkBytes)]);
  return new Uint8Array(chunkBytes({ name: 'RIFF', data: body }));
}

/**
 * The EXIF of a WebP file, from its TIFF header on. Undefined: it has none. Throws ERR_REQUEST_INVALID for a
 * file that is cut short.
 */
export function readWebpExif(webp: Uint8Array): Uint8Array | undefined {
  const file = Buffer.from(webp.buffer, webp.byteOffset, webp.byteLength);
  const data = [...chunksOf(file)].find(({ name }) => name === 'EXIF')?.data;
  // Some programs write JPEG's mark before it.
  return data?.toString('latin1', 0, 6) === 'Exif\0\0' ? data.subarray(6) : data;
}

function* chunksOf(file: Buffer): Generator<Chunk> {
  let count = 0;
  for (let at = 12; at + headBytes <= file.byteLength; ) {
    if (++count > mostChunks) throw invalid(`has more than ${mostChunks} chunks`);
    const length = file.readUInt32LE(at + 4);
    const end = at + headBytes + length;
    if (end > file.byteLength) throw invalid('is cut short');
    yield { name: file.toString('latin1', at, at + 4), data: file.subarray(at + headBytes, end) };
    // A chunk of an odd length has a byte behind it.
    at = end + (length % 2);
  }
}

/** That of a file which has none: its size, and whether it has opacity. */
function extendedHeader(image: Chunk | undefined): Buffer {
  const header = Buffer.alloc(10);
  const [width, height, alpha] = sizeOf(image);
  if (alpha) header[0] = flags.alpha;
  header.writeUIntLE(width - 1, 4, 3);
  header.writeUIntLE(height - 1, 7, 3);
  return header;
}

/** Of a lossy image (RFC 6386, 9.1) or a lossless one (WebP lossless bitstream, 3). */
function sizeOf(image: Chunk | undefined): [number, number, boolean] {
  const { name, data } = image ?? { name: '', data: Buffer.alloc(0) };
  if (name === 'VP8 ' && data.byteLength >= 10)
    return [data.readUInt16LE(6) & 0x3fff, data.readUInt16LE(8) & 0x3fff, false];
  if (name === 'VP8L' && data.byteLength >= 5) {
    const bits = data.readUInt32LE(1);
    return [(bits & 0x3fff) + 1, ((bits >>> 14) & 0x3fff) + 1, ((bits >>> 28) & 1) === 1];
  }
  throw invalid('has no image at its beginning');
}

function chunkBytes({ name, data }: Chunk): Buffer {
  const head = Buffer.alloc(headBytes);
  head.write(name, 'latin1');
  head.writeUInt32LE(data.byteLength, 4);
  return Buffer.concat([head, data, Buffer.alloc(data.byteLength % 2)]);
}

const invalid = (what: string) =>
  new EaselError({ code: 'ERR_REQUEST_INVALID', message: `The WebP file ${what}.` });
