import { EaselError, type Image, type OutputFormat } from '@easel/plugin-sdk';
import { convertImage } from '@easel/plugin-sdk/images';
import { imagesSchema } from './wire.js';

/** Bytes of a picture that is fetched from where an answer says it is. */
const mostBytes = 100 * 1024 * 1024;

/**
 * The picture of an answer, in the format that was asked for; one that has it already stays byte for byte. A picture that is only named
 * by its address is fetched, without the key.
 */
export async function readPicture(
  body: unknown,
  outputFormat: OutputFormat,
  signal: AbortSignal,
): Promise<Image> {
  const [picture] = imagesSchema.safeParse(body).data?.data ?? [];
  const bytes = picture?.b64_json
    ? Buffer.from(picture.b64_json, 'base64')
    : picture?.url
      ? await fetchPicture(picture.url, signal)
      : undefined;
  if (!bytes) throw unreadable('there is none in its answer');
  try {
    return await convertImage(new Uint8Array(bytes), outputFormat);
  } catch (cause) {
    throw unreadable((cause as Error).message, cause);
  }
}

async function fetchPicture(url: string, signal: AbortSignal): Promise<Buffer> {
  try {
    const response = await fetch(url, { signal });
    const length = Number(response.headers.get('content-length') ?? 0);
    if (!response.ok || length > mostBytes)
      throw new Error(`it answered ${response.status}, ${length} bytes`);
    return Buffer.from(await response.arrayBuffer());
  } catch (cause) {
    throw new EaselError({
      code: 'ERR_PROVIDER_UNAVAILABLE',
      message: `A picture cannot be fetched from ${hostOf(url)}: ${(cause as Error).message}`,
      cause,
    });
  }
}

/** Addresses of pictures are signed; whoever has one has the picture. */
const hostOf = (url: string) => (URL.canParse(url) ? new URL(url).host : 'its address');

const unreadable = (why: string, cause?: unknown) =>
  new EaselError({
    code: 'ERR_PROVIDER_BAD_RESPONSE',
    message: `Parasail sent a picture that cannot be read: ${why}.`,
    cause,
  });
