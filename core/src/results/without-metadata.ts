import { withoutAvifMetadata, writeAvifMetadata } from './avif-metadata.js';
import { sourceOf, xmpKeyword, xmpOf } from './digital-source.js';
import { withoutJpegMetadata, writeJpegMetadata } from './jpeg-metadata.js';
import { pngSignature, readPngChunks } from './png-chunks.js';
import { writePngText } from './png-text.js';
import { withoutWebpMetadata, writeWebpMetadata } from './webp-metadata.js';

/** Of a PNG: texts, EXIF, the time, and C2PA's box. What says how colours look stays. */
const pngMetadata: ReadonlySet<string> = new Set(['tEXt', 'zTXt', 'iTXt', 'eXIf', 'tIME', 'caBX']);

/**
 * A file without what tells of its making, but the mark by which machines know it as made by a model. No
 * pixel is decoded.
 *
 * @throws ERR_REQUEST_INVALID for a file that is not whole, or not of its media type
 */
export function withoutMetadata(file: Uint8Array, mediaType: string): Uint8Array {
  const xmp = xmpOf(sourceOf(file));
  if (mediaType === 'image/jpeg') return writeJpegMetadata(withoutJpegMetadata(file), { xmp });
  if (mediaType === 'image/webp') return writeWebpMetadata(withoutWebpMetadata(file), { xmp });
  if (mediaType === 'image/avif') return writeAvifMetadata(withoutAvifMetadata(file), { xmp });
  const kept = [...readPngChunks(file)].filter(({ type }) => !pngMetadata.has(type));
  return writePngText(Buffer.concat([pngSignature, ...kept.map(({ bytes }) => bytes)]), {
    [xmpKeyword]: xmp,
  });
}
