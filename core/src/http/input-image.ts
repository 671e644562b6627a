import type { InputImage } from '@easel/plugin-sdk';
import { HttpError } from './errors.js';

/** Pixels of a picture that is handed in; a small file can claim far more than memory holds. */
const pixelLimit = 64 * 1024 * 1024;
const mediaTypes = { png: 'image/png', jpeg: 'image/jpeg', webp: 'image/webp' } as const;

/** A picture that a caller has sent, known by its own bytes and not by what it is called. Throws status 400 with the field. */
export async function readInputImage(bytes: Uint8Array<ArrayBuffer>, param: string): Promise<InputImage> {
  const refuse = (what: string) => new HttpError(400, 'invalid_image', `${param}: ${what}`, { param });
  if (bytes.byteLength === 0) throw refuse('is empty');
  // Loaded by the first picture: whoever only asks for pictures does not need it.
  const { default: sharp } = await import('sharp');
  const header = await sharp(bytes, { limitInputPixels: false })
    .metadata()
    .catch(() => undefined);
  const mediaType = mediaTypes[header?.format as keyof typeof mediaTypes];
  if (!header || !mediaType) throw refuse('must be a PNG, JPEG or WebP picture');
  const pixels = header.width * header.height * (header.pages ?? 1);
  if (pixels > pixelLimit)
    throw refuse(`has ${header.width}x${header.height} pixels; at most ${pixelLimit} are read`);
  return { bytes, mediaType };
}

/** A picture as base64, bare or as a data URL. */
export async function readBase64Image(text: string, param: string): Promise<InputImage> {
  const base64 = text.replace(/^data:[^,]{0,100};base64,/, '');
  if (!/^[A-Za-z0-9+/_\s-]*={0,2}\s*$/.test(base64.slice(0, 1_000)))
    throw new HttpError(400, 'invalid_image', `${param}: must be base64, or a data URL with it`, { param });
  return await readInputImage(new Uint8Array(Buffer.from(base64, 'base64')), param);
}
