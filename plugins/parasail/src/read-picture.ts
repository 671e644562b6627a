import { EaselError, fetchImage, type Image, type OutputFormat } from '@easel/plugin-sdk';
import { imagesSchema } from '@easel/plugin-sdk/batch';
import { convertImage } from '@easel/plugin-sdk/images';
import type { Config } from './settings.js';

/** Bytes of a picture that is fetched from where an answer says it is. */
const mostBytes = 100 * 1024 * 1024;
/** Times that a picture is fetched from its address; it has been paid. */
const tries = 4;

export interface ReadPictureOptions {
  readonly outputFormat: OutputFormat;
  readonly config: Pick<Config, 'pictureMs' | 'allowPrivateAddresses'>;
  readonly signal: AbortSignal;
  /** Keeps another body in place of the answer's: addresses of pictures expire. */
  readonly replace: (body: string) => Promise<void>;
}

/**
 * The picture of an answer, in the format that was asked for; one that has it already stays byte for byte. A
 * picture that is only named by its address is fetched, without the key.
 *
 * @param body of the answer, JSON
 * @throws EaselError ERR_PROVIDER_BAD_RESPONSE where there is none that can be read, ERR_PROVIDER_UNAVAILABLE
 * where it cannot be fetched now
 */
export async function readPicture(body: string, options: ReadPictureOptions): Promise<Image> {
  const [picture] = imagesSchema.safeParse(JSON.parse(body)).data?.data ?? [];
  const bytes = picture?.b64_json
    ? new Uint8Array(Buffer.from(picture.b64_json, 'base64'))
    : picture?.url
      ? await fetchPicture(picture.url, options)
      : undefined;
  if (!bytes) throw unreadable('there is none in its answer');
  try {
    return await convertImage(bytes, options.outputFormat);
  } catch (cause) {
    throw unreadable((cause as Error).message, cause);
  }
}

async function fetchPicture(
  url: string,
  { config, signal, replace }: ReadPictureOptions,
): Promise<Image['bytes']> {
  const { pictureMs: timeoutMs, allowPrivateAddresses } = config;
  const limits = { maximumBytes: mostBytes, timeoutMs, tries };
  const { bytes } = await fetchImage(url, { ...limits, allowPrivateAddresses, signal });
  const body = { data: [{ b64_json: Buffer.from(bytes).toString('base64') }] };
  // One that cannot be written down is used all the same.
  await replace(JSON.stringify(body)).catch(() => {});
  return bytes;
}

const unreadable = (why: string, cause?: unknown) =>
  new EaselError({
    code: 'ERR_PROVIDER_BAD_RESPONSE',
    message: `Parasail sent a picture that cannot be read: ${why}.`,
    cause,
  });
