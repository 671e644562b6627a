import { pngSignature, readPngChunks } from './png-chunks.js';

/** Of a PNG: texts, EXIF, the time, and C2PA's box. What says how colours look stays. */
const pngMetadata: ReadonlySet<string> = new Set(['tEXt', 'zTXt', 'iTXt', 'eXIf', 'tIME', 'caBX']);
/** Of a JPEG: EXIF and XMP (APP1), C2PA (APP11), IPTC (APP13), and comments. The colour profile (APP2) stays. */
const jpegMetadata: ReadonlySet<number> = new Set([0xe1, 0xeb, 0xed, 0xfe]);
const startOfScan = 0xda;
/** Of a WebP. */
const webpMetadata: ReadonlySet<string> = new Set(['EXIF', 'XMP ', 'C2PA']);
/** Bits of the chunk VP8X that say that there is EXIF, and XMP. */
const webpFlags = 0x0c;

/** A file without what tells of its making: spliced, no pixel is decoded. Throws for one that is not whole. */
export function withoutMetadata(file: Uint8Array, mediaType: string): Uint8Array {
  if (mediaType === 'image/png') {
    const kept = [...readPngChunks(file)].filter(({ type }) => !pngMetadata.has(type));
    return Buffer.concat([pngSignature, ...kept.map(({ bytes }) => bytes)]);
  }
  const bytes = Buffer.from(file.buffer, file.byteOffset, file.byteLength);
  if (mediaType === 'image/jpeg') return jpegWithout(bytes);
  if (mediaType === 'image/webp') return webpWithout(bytes);
  throw new Error(`Of ${mediaType} metadata cannot be left out.`);
}

function jpegWithout(file: Buffer): Buffer {
  const kept = [file.subarray(0, 2)];
  for (let offset = 2; ; ) {
    const marker = file.readUInt8(offset + 1);
    if (file.readUInt8(offset) !== 0xff) throw new Error('The JPEG file has no marker where one should be.');
    // Behind it lie the pixels.
    if (marker === startOfScan) return Buffer.concat([...kept, file.subarray(offset)]);
    const end = offset + 2 + file.readUInt16BE(offset + 2);
    if (!jpegMetadata.has(marker)) kept.push(file.subarray(offset, end));
    offset = end;
  }
}

function webpWithout(file: Buffer): Buffer {
  const kept: Buffer[] = [];
  for (let offset = 12; offset + 8 <= file.byteLength; ) {
    const type = file.toString('latin1', offset, offset + 4);
    const size = file.readUInt32LE(offset + 4);
    const chunk = Buffer.from(file.subarray(offset, offset + 8 + size + (size % 2)));
    if (type === 'VP8X') chunk.writeUInt8(chunk.readUInt8(8) & ~webpFlags, 8);
    if (!webpMetadata.has(type)) kept.push(chunk);
    offset += 8 + size + (size % 2);
  }
  const head = Buffer.from(file.subarray(0, 12));
  const all = Buffer.concat([head, ...kept]);
  all.writeUInt32LE(all.byteLength - 8, 4);
  return all;
}
