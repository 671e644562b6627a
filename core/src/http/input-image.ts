import { EaselError, type InputImage } from '@easel/plugin-sdk';
import { type ImageFile, withImage } from '@easel/plugin-sdk/images';
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

/** Reads the images of one request. */
export class InputImages {
  #pixels = 0;

  /**
   * An image that a caller has sent, known by its own bytes and not by what it is called: whole, and small enough to be decoded. GIF, AVIF and
   * TIFF become PNG, the first frame or page of them.
   *
   * @throws HttpError 400 with the field; EaselError ERR_QUEUE_FULL where too many are being read
   */
  async read(bytes: Uint8Array<ArrayBuffer>, param: string): Promise<InputImage> {
    const refuse = (what: string) => new HttpError(400, 'invalid_image', `${param}: ${what}.`, { param });
    if (bytes.byteLength === 0) throw refuse('is empty');
    try {
      return await withImage(bytes, async (file) => await this.#check(bytes, file), limits);
    } catch (error) {
      if (EaselError.isInstance(error)) throw error;
      throw refuse((error as Error).message.split('\n')[0]?.slice(0, 200) ?? 'cannot be read');
    }
  }

  /** The same of base64, bare or as a data URL. */
  async readBase64(text: string, param: string): Promise<InputImage> {
    const base64 = text.replace(/^data:[^,]{0,100};base64,/, '');
    if (!/^[A-Za-z0-9+/_\s-]*={0,2}\s*$/.test(base64.slice(0, 1_000)))
      throw new HttpError(400, 'invalid_image', `${param}: must be base64, or a data URL with it.`, {
        param,
      });
    const { buffer, byteOffset, byteLength } = Buffer.from(base64, 'base64');
    return await this.read(new Uint8Array(buffer, byteOffset, byteLength), param);
  }

  async #check(bytes: Uint8Array<ArrayBuffer>, file: ImageFile): Promise<InputImage> {
    const { format, width, height, image } = file;
    const isPassedOn = format === 'png' || format === 'jpeg' || format === 'webp';
    const limit = isPassedOn ? pixelLimit : convertedPixelLimit;
    this.#pixels += width * height;
    if (width * height > limit)
      throw new Error(`has ${width}x${height} pixels; at most ${limit} are read of a ${format} file`);
    if (this.#pixels > requestPixelLimit)
      throw new Error(`the images of a request must have at most ${requestPixelLimit} pixels in all`);
    if (isPassedOn) {
      // Decoded for its errors alone, at the smallest size.
      await image.resize(1, 1, { fit: 'fill', kernel: 'nearest' }).raw().toBuffer();
      return { bytes, mediaType: passedOn[format] };
    }
    const png = await image.autoOrient().toColourspace('srgb').png({ compressionLevel: 1 }).toBuffer();
    return { bytes: new Uint8Array(png), mediaType: 'image/png' };
  }
}
