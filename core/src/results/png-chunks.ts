import { crc32 } from 'node:zlib';
import { EaselError } from '@easel/plugin-sdk';

/** One chunk of a PNG file; the arrays are views into the file. */
export interface PngChunk {
  /** Four ASCII letters, for example `IHDR`. */
  readonly type: string;
  readonly data: Uint8Array;
  /** Length, type, data and CRC, as they lie in the file. */
  readonly bytes: Uint8Array;
}

export const pngSignature = Uint8Array.of(0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a);
/** Bytes of a chunk beside its data: length, type and CRC. */
const frameBytes = 12;
/** The PNG specification's own limit. */
const lengthLimit = 2 ** 31 - 1;

export const invalidPng = (what: string, cause?: unknown) =>
  new EaselError({ code: 'ERR_REQUEST_INVALID', message: `The PNG file ${what}.`, cause });

/**
 * The chunks of a PNG file in their order, `IHDR` to `IEND`; what lies behind `IEND` is not looked at. No
 * pixel is decoded. Throws ERR_REQUEST_INVALID where the file is not a PNG, is cut short, or has a chunk with
 * a wrong length or CRC.
 */
export function* readPngChunks(png: Uint8Array): Generator<PngChunk, void, undefined> {
  if (pngSignature.some((byte, index) => png[index] !== byte)) {
    throw invalidPng('does not begin as one (it is another format, or empty)');
  }
  const view = new DataView(png.buffer, png.byteOffset, png.byteLength);
  let offset = pngSignature.byteLength;
  for (let index = 0; ; index++) {
    if (offset + frameBytes > png.byteLength) throw invalidPng(`is cut short at byte ${png.byteLength}`);
    const length = view.getUint32(offset);
    const type = String.fromCharCode(...png.subarray(offset + 4, offset + 8));
    if (!/^[A-Za-z]{4}$/.test(type)) throw invalidPng(`has no chunk where one should be, at byte ${offset}`);
    if (length > lengthLimit)
      throw invalidPng(`has a ${type} chunk of ${length} bytes, more than PNG allows`);
    const end = offset + frameBytes + length;
    if (end > png.byteLength) {
      throw invalidPng(`is cut short: its ${type} chunk at byte ${offset} claims ${length} bytes`);
    }
    if (index === 0 && (type !== 'IHDR' || length !== 13)) throw invalidPng('does not begin with its header');
    if (crc32(png.subarray(offset + 4, end - 4)) !== view.getUint32(end - 4)) {
      throw invalidPng(`is damaged: the checksum of its ${type} chunk at byte ${offset} is wrong`);
    }
    yield { type, data: png.subarray(offset + 8, end - 4), bytes: png.subarray(offset, end) };
    if (type === 'IEND') return;
    offset = end;
  }
}

/** A whole chunk of the given data, with its length and CRC. */
export function makePngChunk(type: string, data: Uint8Array): Uint8Array {
  const chunk = Buffer.alloc(frameBytes + data.byteLength);
  chunk.writeUInt32BE(data.byteLength, 0);
  chunk.write(type, 4, 'latin1');
  chunk.set(data, 8);
  chunk.writeUInt32BE(crc32(chunk.subarray(4, -4)), chunk.byteLength - 4);
  return chunk;
}
