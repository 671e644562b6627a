/** Tags of EXIF 2.3: where its own directory lies, and the comment in it. */
const tags = { exifDirectory: 0x8769, userComment: 0x9286 } as const;
/** Types of their values. */
const types = { long: 4, undefinedBytes: 7 } as const;
const headerBytes = 8;
/** A directory with one entry: its count, the entry, and where the next directory lies. */
const directoryBytes = 2 + 12 + 4;
/** Says that the comment is in UTF-16; its order of bytes should be that of the file. */
const encodingMark = Buffer.from('UNICODE\0', 'latin1');

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
