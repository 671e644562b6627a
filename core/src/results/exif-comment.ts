import { isUtf8 } from 'node:buffer';

/** Tags of EXIF 2.3: where its own directory lies, and the comment in it. */
const tags = { exifDirectory: 0x8769, userComment: 0x9286 } as const;
/** Types of their values. */
const types = { long: 4, undefinedBytes: 7 } as const;
const headerBytes = 8;
/** A directory with one entry: its count, the entry, and where the next directory lies. */
const directoryBytes = 2 + 12 + 4;
/** Says that the comment is in UTF-16; its order of bytes should be that of the file. */
const encodingMark = Buffer.from('UNICODE\0', 'latin1');

/** Those of other texts; some programs leave the mark out. */
const otherMarks = ['ASCII\0\0\0', '\0'.repeat(8)].map((mark) => Buffer.from(mark, 'latin1'));

/**
 * An EXIF block, from its TIFF header on, that has a text as `UserComment`, as Automatic1111 writes it into
 * JPEG and WebP files.
 */
export function exifComment(text: string): Buffer {
  const comment = Buffer.concat([encodingMark, Buffer.from(text.replaceAll('\0', ''), 'utf16le').swap16()]);
  const commentAt = headerBytes + 2 * directoryBytes;
  const block = Buffer.alloc(commentAt);
  block.write('MM', 0, 'latin1');
  block.writeUInt16BE(42, 2);
  block.writeUInt32BE(headerBytes, 4);
  writeDirectory(block, headerBytes, [tags.exifDirectory, types.long, 1, headerBytes + directoryBytes]);
  writeDirectory(block, headerBytes + directoryBytes, [
    tags.userComment,
    types.undefinedBytes,
    comment.byteLength,
    commentAt,
  ]);
  return Buffer.concat([block, comment]);
}

function writeDirectory(
  block: Buffer,
  at: number,
  [tag, type, count, value]: readonly [number, number, number, number],
): void {
  block.writeUInt16BE(1, at);
  block.writeUInt16BE(tag, at + 2);
  block.writeUInt16BE(type, at + 4);
  block.writeUInt32BE(count, at + 6);
  block.writeUInt32BE(value, at + 10);
}

/**
 * The `UserComment` of an EXIF block, from its TIFF header on; undefined where there is none, or the block is
 * broken.
 */
export function readExifComment(given: Uint8Array): string | undefined {
  const block = Buffer.from(given.buffer, given.byteOffset, given.byteLength);
  const order = block.toString('latin1', 0, 2);
  if (order !== 'MM' && order !== 'II') return undefined;
  const isBig = order === 'MM';
  try {
    const read = (at: number, bytes: 2 | 4) =>
      isBig ? block.readUIntBE(at, bytes) : block.readUIntLE(at, bytes);
    const findEntry = (directory: number, tag: number) => {
      for (let entry = 0; entry < read(directory, 2); entry++) {
        const at = directory + 2 + 12 * entry;
        if (read(at, 2) === tag) return { count: read(at + 4, 4), value: read(at + 8, 4) };
      }
      return undefined;
    };
    const own = findEntry(read(4, 4), tags.exifDirectory);
    // Pillow, and so Fooocus, writes it into the first directory.
    const comment =
      (own && findEntry(own.value, tags.userComment)) ?? findEntry(read(4, 4), tags.userComment);
    if (!comment || comment.value + comment.count > block.byteLength) return undefined;
    return decodeComment(block.subarray(comment.value, comment.value + comment.count), isBig);
  } catch {
    // It points beyond its own end.
    return undefined;
  }
}

function decodeComment(comment: Buffer, isBig: boolean): string {
  const mark = comment.subarray(0, encodingMark.byteLength);
  const text = comment.subarray(encodingMark.byteLength);
  if (!mark.equals(encodingMark)) {
    const hasMark = otherMarks.some((other) => mark.equals(other));
    return (hasMark ? text : comment).toString('utf8').replace(/\0+$/, '');
  }
  const zeros = [0, 0];
  for (const [at, byte] of text.entries()) if (byte === 0) zeros[at % 2]!++;
  const [first, second] = zeros as [number, number];
  // Some write UTF-8 behind the mark, which has no zero bytes; names of settings have many in UTF-16.
  if (first === 0 && second === 0 && isUtf8(text)) return text.toString('utf8');
  // Others keep the comment of a file, and write the file anew in the other order.
  const isBigText = first === second ? isBig : first > second;
  const even = Buffer.from(text.subarray(0, text.byteLength & ~1));
  return (isBigText ? even.swap16() : even).toString('utf16le').replace(/\0+$/, '');
}
