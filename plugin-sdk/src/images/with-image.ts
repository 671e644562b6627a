import type { Metadata, Sharp } from 'sharp';
import { type ImageFormat, imageFormatOf } from '../image-format.js';
import { MemoryTurns } from './memory-turns.js';

const mebibyte = 1024 * 1024;
/** Bytes that the images which are decoded at the same time may take, and so the most that one may take. */
const decodedLimit = 320 * mebibyte;
const turns = new MemoryTurns(decodedLimit);

/** Bytes of a sample; what is not here has one. */
const sampleBytes: Readonly<Record<string, number>> = {
  ushort: 2,
  short: 2,
  uint: 4,
  int: 4,
  float: 4,
  double: 8,
};
/**
 * Times the decoded image that its decoder takes, measured with libvips 8.18 at 64 megapixels: aom keeps
 * planes and a copy in RGB.
 */
const avifFactor = 6;
/** A progressive JPEG's coefficients have two bytes each. */
const progressiveFactor = 2;

export interface ImageFile extends ImageHeader {
  /**
   * The first page or frame, to be decoded from the beginning to the end. It fails on a damaged or truncated
   * file.
   */
  readonly image: Sharp;
}

export interface WithImageOptions {
  /** Milliseconds that it may wait for its turn. Absent: as long as it takes. */
  readonly waitMs?: number | undefined;
  /** Seconds that decoding may take. Absent: as long as it takes. */
  readonly seconds?: number | undefined;
  /**
   * Bytes that the work takes beside the decoded image, such as those of a result that is not encoded.
   * Default: 0.
   */
  readonly workBytes?: number | undefined;
  /** What {@link readImageHeader} has answered about the same bytes. Absent: it is asked. */
  readonly header?: ImageHeader | undefined;
}

/** What the header of an image file says. */
export interface ImageHeader {
  readonly format: ImageFormat;
  /** Pixels, as encoded: before an orientation in its metadata is heeded. */
  readonly width: number;
  readonly height: number;
  /** Bytes that decoding takes at the most. */
  readonly decodedBytes: number;
}

/**
 * Looks at the header of a foreign file, and decodes nothing.
 *
 * @throws Error that says in its message what the file is or lacks, such as "is not a PNG, ..."
 */
export async function readImageHeader(bytes: Uint8Array): Promise<ImageHeader> {
  const format = imageFormatOf(bytes);
  if (!format) throw new Error('is not a PNG, JPEG, WebP, GIF, AVIF or TIFF file');
  // Loaded by the first image: whoever has none does not need it.
  const { default: sharp } = await import('sharp');
  const header = await sharp(bytes, { limitInputPixels: false }).metadata();
  if ((header.format === 'heif' ? 'avif' : header.format) !== format)
    throw new Error(`begins like ${format} and is not`);
  const { width, height } = header;
  const decodedBytes = bytesOf(header);
  if (decodedBytes > decodedLimit)
    throw new Error(
      `is too large: ${width} x ${height} pixels would take ${Math.ceil(decodedBytes / mebibyte)} MiB to decode, and ${decodedLimit / mebibyte} are the most`,
    );
  return { format, width, height, decodedBytes };
}

/**
 * Opens the image of a foreign file for some work, on threads of libvips: after a look at its first bytes,
 * within bounds of pixels and memory, and in turn with all others of this process.
 *
 * @throws Error that says in its message what the file is or lacks, such as "is not a PNG, ..."; EaselError
 * ERR_QUEUE_FULL where it has waited too long
 */
export async function withImage<Result>(
  bytes: Uint8Array,
  work: (file: ImageFile) => Promise<Result>,
  { waitMs, seconds = 0, workBytes = 0, header: known }: WithImageOptions = {},
): Promise<Result> {
  const header = known ?? (await readImageHeader(bytes));
  const { default: sharp } = await import('sharp');
  const limitInputPixels = header.width * header.height;
  const options = { limitInputPixels, sequentialRead: true, failOn: 'error' } as const;
  return await turns.take(
    Math.min(decodedLimit, header.decodedBytes + workBytes),
    () => work({ ...header, image: sharp(bytes, options).timeout({ seconds }) }),
    waitMs,
  );
}

/** Bytes that decoding takes at the most. */
function bytesOf({ width, height, channels, depth, format, isProgressive }: Metadata): number {
  const factor = format === 'heif' ? avifFactor : format === 'jpeg' && isProgressive ? progressiveFactor : 1;
  // Palettes and grey levels are decoded to colours.
  return width * height * Math.max(3, channels) * (sampleBytes[depth] ?? 1) * factor;
}
