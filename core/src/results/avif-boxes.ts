import { EaselError } from '@easel/plugin-sdk';

/** A box of an ISO base media file (ISO/IEC 14496-12), such as AVIF is. */
export interface Box {
  readonly type: string;
  /** What is in it, behind its head. */
  readonly data: Buffer;
  /** Where it begins and ends in its file. */
  readonly start: number;
  readonly end: number;
}

const mostBoxes = 10_000;

/** Boxes side by side. @param start where they begin in their file. Throws ERR_REQUEST_INVALID */
export function readBoxes(bytes: Buffer, start = 0): Box[] {
  const boxes: Box[] = [];
  for (let at = 0; at < bytes.byteLength; ) {
    if (boxes.length > mostBoxes || at + 8 > bytes.byteLength) throw invalidAvif('is cut short');
    const short = bytes.readUInt32BE(at);
    const isLong = short === 1;
    if (isLong && at + 16 > bytes.byteLength) throw invalidAvif('is cut short');
    const size = isLong ? Number(bytes.readBigUInt64BE(at + 8)) : short || bytes.byteLength - at;
    const head = isLong ? 16 : 8;
    if (size < head || at + size > bytes.byteLength) throw invalidAvif('is cut short');
    boxes.push({
      type: bytes.toString('latin1', at + 4, at + 8),
      data: bytes.subarray(at + head, at + size),
      start: start + at,
      end: start + at + size,
    });
    at += size;
  }
  return boxes;
}

export function writeBox(type: string, ...parts: readonly Uint8Array[]): Buffer {
  const head = Buffer.alloc(8);
  head.writeUInt32BE(
    parts.reduce((sum, part) => sum + part.byteLength, 8),
    0,
  );
  head.write(type, 4, 'latin1');
  return Buffer.concat([head, ...parts]);
}

export const invalidAvif = (what: string) =>
  new EaselError({ code: 'ERR_REQUEST_INVALID', message: `The AVIF file ${what}.` });
