import { isUtf8 } from 'node:buffer';
import { parametersKeyword } from './provenance-document.js';

/** Tags of EXIF 2.3: two texts of cameras, where its own directory lies, and the comment in it. */
const tags = { make: 0x010f, model: 0x0110, exifDirectory: 0x8769, userComment: 0x9286 } as const;
/** The encodings of a comment, as its first eight bytes name them; some programs leave them out. */
const utf16Mark = Buffer.from('UNICODE\0', 'latin1');
const otherMarks = ['ASCII\0\0\0', '\0'.repeat(8)].map((mark) => Buffer.from(mark, 'latin1'));
/** Entries of a directory that are looked at. */
const mostEntries = 1000;

/**
 * The texts of an EXIF block, from its TIFF header on, by the keywords that they have in PNG files: the
 * `UserComment` as `parameters`, and ComfyUI's graphs (`prompt`, `workflow`), which it writes into WebP files
 * as the texts of a camera. What lies beyond the block's end is left out.
 */
export function readExifTexts(given: Uint8Array): ReadonlyMap<string, string> {
  const block = Buffer.from(given.buffer, given.byteOffset, given.byteLength);
  const texts = new Map<string, string>();
  const order = block.toString('latin1', 0, 2);
  if (order !== 'MM' && order !== 'II') return texts;
  const isBig = order === 'MM';
  const read = (at: number, bytes: 2 | 4): number => {
    if (at + bytes > block.byteLength) return 0;
    return isBig ? block.readUIntBE(at, bytes) : block.readUIntLE(at, bytes);
  };
  const findEntry = (directory: number, tag: number): Entry | undefined => {
    const count = Math.min(read(directory, 2), mostEntries);
    for (let entry = 0; entry < count; entry++) {
      const at = directory + 2 + 12 * entry;
      if (read(at, 2) === tag) return { count: read(at + 4, 4), value: read(at + 8, 4) };
    }
    return undefined;
  };
  const bytesOf = (entry: Entry | undefined): Buffer | undefined =>
    entry && entry.value + entry.count <= block.byteLength
      ? block.subarray(entry.value, entry.value + entry.count)
      : undefined;

  const first = read(4, 4);
  const own = findEntry(first, tags.exifDirectory);
  // Pillow, and so Fooocus, writes it into the first directory.
  const comment = bytesOf(
    (own && findEntry(own.value, tags.userComment)) ?? findEntry(first, tags.userComment),
  );
  if (comment) texts.set(parametersKeyword, decodeComment(comment, isBig));
  for (const tag of [tags.model, tags.make]) {
    const text = bytesOf(findEntry(first, tag))?.toString('utf8').replace(/\0+$/, '') ?? '';
    const [, keyword, value] = /^(prompt|workflow):(.*)$/s.exec(text) ?? [];
    if (keyword !== undefined && value !== undefined) texts.set(keyword, value);
  }
  return texts;
}

interface Entry {
  /** Bytes, of the types that are read here. */
  readonly count: number;
  /** Where its bytes lie in the block. */
  readonly value: number;
}

function decodeComment(comment: Buffer, isBig: boolean): string {
  const mark = comment.subarray(0, utf16Mark.byteLength);
  const text = comment.subarray(utf16Mark.byteLength);
  if (!mark.equals(utf16Mark)) {
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
