import type { Image, OutputFormat } from '@easel/plugin-sdk';
import sharp from 'sharp';
import type { Picture } from './protocol.js';

/** Encodes raw RGB pixels; the same pixels always give the same bytes. */
export async function encodePicture({ rgb, width, height }: Picture, format: OutputFormat): Promise<Image> {
  const bytes = await sharp(rgb, { raw: { width, height, channels: 3 } })
    .toFormat(format, format === 'png' ? {} : { quality: 95 })
    .toBuffer();
  return { bytes: new Uint8Array(bytes), mediaType: `image/${format}`, width, height };
}
