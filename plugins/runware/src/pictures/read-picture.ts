import { EaselError, fetchImage, type Image, type OutputFormat } from '@easel/plugin-sdk';
import { convertImage } from '@easel/plugin-sdk/images';
import type { Config } from '../settings.js';
import type { Item } from '../wire/frame.js';

const mostBytes = 200 * 1024 * 1024;
/** Times that a picture is fetched from its address; it has been paid. */
const tries = 4;

export interface ReadPictureOptions {
  readonly outputFormat: OutputFormat;
  readonly config: Config;
  readonly signal: AbortSignal;
}

/**
 * The picture of a result, in the format that was asked for; one that has it already stays byte for byte.
 * @throws EaselError ERR_PROVIDER_BAD_RESPONSE where there is none that can be read, ERR_PROVIDER_UNAVAILABLE
 * where it cannot be fetched now
 */
export async function readPicture(item: Item, options: ReadPictureOptions): Promise<Omit<Image, 'seed'>> {
  const bytes = await bytesOf(item, options);
  try {
    return await convertImage(bytes, options.outputFormat);
  } catch (cause) {
    throw unreadable(item, (cause as Error).message, cause);
  }
}

async function bytesOf(item: Item, options: ReadPictureOptions): Promise<Image['bytes']> {
  const base64 = item.imageBase64Data ?? /^data:[^,]*;base64,(.*)$/s.exec(item.imageDataURI ?? '')?.[1];
  if (base64) return new Uint8Array(Buffer.from(base64, 'base64'));
  if (item.imageURL) {
    const { config, signal } = options;
    const { pictureMs: timeoutMs, allowPrivateAddresses } = config;
    const limits = { maximumBytes: mostBytes, timeoutMs, tries };
    return (await fetchImage(item.imageURL, { ...limits, allowPrivateAddresses, signal })).bytes;
  }
  throw unreadable(item, 'there is none in its result');
}

const unreadable = ({ taskUUID }: Item, why: string, cause?: unknown) =>
  new EaselError({
    code: 'ERR_PROVIDER_BAD_RESPONSE',
    message: `Runware sent a picture that cannot be read (task ${taskUUID}): ${why}.`,
    cause,
  });
