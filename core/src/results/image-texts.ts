import { imageFormatOf } from '@easel/plugin-sdk';
import { readAvifExif } from './avif-metadata.js';
import { readExifTexts } from './exif-texts.js';
import { readJpegExif } from './jpeg-metadata.js';
import { readPngExif, readPngText } from './png-text.js';
import { readWebpExif } from './webp-metadata.js';

/**
 * The texts of an image file by keyword: those of a PNG, and of the EXIF of any format, in which programs
 * keep `parameters` or a graph. No pixel is decoded.
 *
 * @throws ERR_REQUEST_INVALID for a file that is none of these, or is not whole
 */
export function readImageTexts(bytes: Uint8Array): ReadonlyMap<string, string> {
  const format = imageFormatOf(bytes);
  const readExif = { jpeg: readJpegExif, webp: readWebpExif, avif: readAvifExif };
  if (format !== 'jpeg' && format !== 'webp' && format !== 'avif') {
    const exif = readPngExif(bytes);
    return new Map([...(exif ? readExifTexts(exif) : []), ...readPngText(bytes)]);
  }
  const exif = readExif[format](bytes);
  return exif ? readExifTexts(exif) : new Map();
}
