import { EaselError, type ImageFormat, type InputImage } from '@easel/plugin-sdk';
import { type ImageFile, type ImageHeader, readImageHeader, withImage } from '@easel/plugin-sdk/images';
import { HttpError } from './errors.js';

/** Pixels of an image that is read; a phone's camera has 50 million. */
const pixelLimit = 64 * 1024 * 1024;
/** Pixels of one that is written anew as PNG, which may take four bytes for each. */
const convertedPixelLimit = 24 * 1024 * 1024;
/** Pixels of all images of a request. */
const requestPixelLimit = 2 * pixelLimit;
/** A decoder that takes longer has been given something to take longer. */
const limits = { waitMs: 10_000, seconds: 10 } as const;
/** What plugins take; the other formats are written anew. */
const passedOn = { png: 'image/png', jpeg: 'image/jpeg', webp: 'image/webp' } as const;

/** An image as a caller has sent it, and the field that holds it. */
export interface GivenImage {
  readonly param: string;
  readonly bytes: Uint8Array<ArrayBuffer>;
}

/**
 * All images of a request, known by their own bytes and not by what they are called: whole, and small enough
 * to be decoded. GIF, AVIF and TIFF become PNG, the first frame or page of them. Every header is looked at
 * before an image is decoded.
 *
 * @throws HttpError 400 with the field; EaselError ERR_QUEUE_FULL where too many are being read
 */
export async function readInputImages(given: readonly GivenImage[]): Promise<InputImage[]> {
  let pixels = 0;
  const headers: ImageHeader[] = [];
  for (const { param, bytes } of given)
    await refusing(param, async () => {
      const header = await readHeader(bytes);
      headers.push(header);
      pixels += header.width * header.height;
      if (pixels > requestPixelLimit)
        throw new Error(`the images of a request must have at most ${requestPixelLimit} pixels in all`);
    });
  const images: InputImage[] = [];
  for (const [index, { param, bytes }] of given.entries()) {
    const options = { ...limits, header: headers[index] };
    images.push(await refusing(param, () => withImage(bytes, (file) => decode(bytes, file), options)));
  }
  return images;
}

/** The bytes of base64, bare or in a data URL. */
export function fromBase64(text: string, param: string): GivenImage {
  const base64 = text.trimStart().replace(/^data:[^,]{0,100};base64,/i, '');
  if (!/^[A-Za-z0-9+/_\s-]*={0,2}\s*$/.test(base64.slice(0, 1_000)))
    throw new HttpError(400, 'invalid_image', `${param}: must be base64, or a data URL with it.`, { param });
  const { buffer, byteOffset, byteLength } = Buffer.from(base64, 'base64');
  return { param, bytes: new Uint8Array(buffer, byteOffset, byteLength) };
}

/** Does a step of reading; what it throws about the image becomes the caller's error. */
async function refusing<Result>(param: string, step: () => Promise<Result>): Promise<Result> {
  try {
    return await step();
  } catch (error) {
    if (EaselError.isInstance(error)) throw error;
    const what = (error as Error).message.split('\n')[0]?.slice(0, 200) ?? 'cannot be read';
    throw new HttpError(400, 'invalid_image', `${param}: ${what}.`, { param });
  }
}

/** The header of an image that has no more pixels than are read. */
async function readHeader(bytes: Uint8Array): Promise<ImageHeader> {
  if (bytes.byteLength === 0) throw new Error('is empty');
  const header = await readImageHeader(bytes);
  const { format, width, height } = header;
  const limit = isPassedOn(format) ? pixelLimit : convertedPixelLimit;
  if (width * height > limit)
    throw new Error(`has ${width}x${height} pixels; at most ${limit} are read of a ${format} file`);
  return header;
}

async function decode(bytes: Uint8Array<ArrayBuffer>, { format, image }: ImageFile): Promise<InputImage> {
  if (isPassedOn(format)) {
    // Decoded for its errors alone, at the smallest size.
    await image.resize(1, 1, { fit: 'fill', kernel: 'nearest' }).raw().toBuffer();
    return { bytes, mediaType: passedOn[format] };
  }
  const png = await image.autoOrient().toColourspace('srgb').png({ compressionLevel: 1 }).toBuffer();
  return { bytes: new Uint8Array(png), mediaType: 'image/png' };
}

const isPassedOn = (format: ImageFormat): format is keyof typeof passedOn => format in passedOn;
