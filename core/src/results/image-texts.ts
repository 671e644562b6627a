import { imageFormatOf } from '@easel/plugin-sdk';
import { readAvifExif } from './avif-metadata.js';
import { readExifComment } from './exif-comment.js';
import { readJpegExif } from './jpeg-metadata.js';
import { readPngText } from './png-text.js';
import { parametersKeyword } from './provenance-document.js';
import { readWebpExif } from './webp-metadata.js';

/**
 * The texts of an image file by keyword: those of a PNG, or the comment in the EXIF of a JPEG, WebP or AVIF
 * file,
 * in which programs keep `parameters`. No pixel is decoded.
 *
 * @throws ERR_REQUEST_INVALID for a file that is none of these, or is not whole
 */
export function readImageTexts(bytes: Uint8Array): ReadonlyMap<string, string> {
  const format = imageFormatOf(bytes);
  const readExif = { jpeg: readJpegExif, webp: readWebpExif, avif: readAvifExif };
  if (format !== 'jpeg' && format !== 'webp' && format !== 'avif') return readPngText(bytes);
  const exif = readExif[format](bytes);
  const comment = exif && readExifComment(exif);
  return new Map(comment === undefined ? [] : [[parametersKeyword, comment]]);
}
