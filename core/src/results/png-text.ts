/**
 * Texts in PNG files: `tEXt` (Latin-1), `iTXt` (UTF-8) and, for reading, `zTXt`. The file is spliced, its
 * pixels are never decoded.
 *
 * @module
 */
import { isUtf8 } from 'node:buffer';
import { inflateSync } from 'node:zlib';
import { xmpKeyword } from './digital-source.js';
import { invalidPng, makePngChunk, type PngChunk, pngSignature, readPngChunks } from './png-chunks.js';

/**
 * Bytes of text that a file may hold, all texts together and after decompression; a hostile one could hold
 * gigabytes.
 */
export const pngTextLimit = 16 * 1024 * 1024;

const textTypes: readonly string[] = ['tEXt', 'zTXt', 'iTXt'];
/** What the specification recommends for `tEXt`: printable Latin-1, tabulator and line feed. */
const isLatin1 = (text: string) => /^[\t\n\x20-\x7e\xa0-\xff]*$/.test(text);

/**
 * The same file with the given texts behind its header, by keyword; texts that it had under one of these
 * keywords are replaced. Zero bytes, which no text of a PNG may hold, are left out. Keywords are 1 to 79
 * ASCII characters. Throws ERR_REQUEST_INVALID for a file that is not a whole PNG.
 */
export function writePngText(
  png: Uint8Array,
  texts: Readonly<Record<string, string>>,
): Uint8Array<ArrayBuffer> {
  const parts: Uint8Array[] = [pngSignature];
  for (const chunk of readPngChunks(png)) {
    if (textTypes.includes(chunk.type) && Object.hasOwn(texts, keywordOf(chunk))) continue;
    parts.push(chunk.bytes);
    if (chunk.type !== 'IHDR') continue;
    for (const [keyword, text] of Object.entries(texts)) parts.push(makeTextChunk(keyword, text));
  }
  const written = new Uint8Array(parts.reduce((sum, { byteLength }) => sum + byteLength, 0));
  let to = 0;
  for (const part of parts) {
    written.set(part, to);
    to += part.byteLength;
  }
  return written;
}

/**
 * The texts of a PNG file by keyword; of several with one keyword, the first. Throws ERR_REQUEST_INVALID for
 * a file that is not a whole PNG, for a text that is broken, and where there are more than
 * {@link pngTextLimit} bytes of text.
 */
export function readPngText(png: Uint8Array): ReadonlyMap<string, string> {
  const texts = new Map<string, string>();
  let left = pngTextLimit;
  for (const chunk of readPngChunks(png)) {
    if (!textTypes.includes(chunk.type)) continue;
    const keyword = keywordOf(chunk);
    const { bytes, encoding } = textOf(chunk, keyword.length + 1, left);
    left -= bytes.byteLength;
    if (left < 0) throw tooMuch();
    if (!texts.has(keyword)) texts.set(keyword, decode(bytes, encoding, keyword));
  }
  return texts;
}

/** The EXIF of a PNG, from its TIFF header on; undefined where it has none. Throws as {@link readPngText}. */
export function readPngExif(png: Uint8Array): Uint8Array | undefined {
  for (const { type, data } of readPngChunks(png)) {
    // Some programs write JPEG's mark before it.
    if (type === 'eXIf') return fromLatin1(data.subarray(0, 6)) === 'Exif\0\0' ? data.subarray(6) : data;
  }
  return undefined;
}

type Encoding = 'latin1' | 'utf-8';

/**
 * The text's bytes, at most `limit` of them where they are compressed; `start` is where the keyword and its
 * zero byte end.
 */
function textOf(chunk: PngChunk, start: number, limit: number): { bytes: Uint8Array; encoding: Encoding } {
  const { data, type } = chunk;
  if (type === 'tEXt') return { bytes: data.subarray(start), encoding: 'latin1' };
  if (type === 'zTXt') {
    if (data[start] !== 0) throw invalidPng('has a zTXt chunk of an unknown compression');
    return { bytes: inflate(data.subarray(start + 1), limit), encoding: 'latin1' };
  }
  const [flag, method] = [data[start], data[start + 1]];
  const afterLanguage = data.indexOf(0, start + 2);
  const afterTranslation = afterLanguage < 0 ? -1 : data.indexOf(0, afterLanguage + 1);
  if (afterTranslation < 0) throw invalidPng('has an iTXt chunk that ends too early');
  const bytes = data.subarray(afterTranslation + 1);
  if (flag === 0) return { bytes, encoding: 'utf-8' };
  if (flag !== 1 || method !== 0) throw invalidPng('has an iTXt chunk of an unknown compression');
  return { bytes: inflate(bytes, limit), encoding: 'utf-8' };
}

function inflate(bytes: Uint8Array, limit: number): Uint8Array {
  try {
    // zlib wants a limit of at least one byte; that one byte too many is found by the caller.
    return inflateSync(bytes, { maxOutputLength: Math.max(1, limit) });
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'ERR_BUFFER_TOO_LARGE') throw tooMuch();
    throw invalidPng('has a compressed text that cannot be decompressed', cause);
  }
}

function decode(bytes: Uint8Array, encoding: Encoding, keyword: string): string {
  if (encoding === 'latin1') return fromLatin1(bytes);
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch (cause) {
    throw invalidPng(`has a text, "${keyword}", that is not UTF-8`, cause);
  }
}

/** Many programs write UTF-8 where Latin-1 belongs; what is words in Latin-1 is seldom valid UTF-8. */
const fromLatin1 = (bytes: Uint8Array): string =>
  Buffer.from(bytes).toString(isUtf8(bytes) ? 'utf8' : 'latin1');

function keywordOf({ data, type }: PngChunk): string {
  const end = data.subarray(0, 80).indexOf(0);
  if (end < 1) throw invalidPng(`has a ${type} chunk without a keyword`);
  return Buffer.from(data.subarray(0, end)).toString('latin1');
}

function makeTextChunk(keyword: string, text: string): Uint8Array {
  const clean = text.replaceAll('\0', '');
  // XMP is UTF-8 by its own specification.
  const isReadBack = isLatin1(clean) && fromLatin1(Buffer.from(clean, 'latin1')) === clean;
  if (isReadBack && keyword !== xmpKeyword)
    return makePngChunk('tEXt', Buffer.from(`${keyword}\0${clean}`, 'latin1'));
  // Keyword, no compression (flag and method), no language, no translated keyword.
  return makePngChunk('iTXt', Buffer.from(`${keyword}\0\0\0\0\0${clean}`, 'utf8'));
}

const tooMuch = () => invalidPng(`holds more than ${pngTextLimit} bytes of text`);
