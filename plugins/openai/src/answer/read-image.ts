import { fetchImage, type Image, type OutputFormat } from '@easel/plugin-sdk';
import { convertImage } from '@easel/plugin-sdk/images';
import { bytesOfText } from '@easel/plugin-sdk/provider';
import { unreadable } from '../failures.js';
import type { FoundServer } from '../find-server.js';
import type { Config } from '../settings.js';
import type { AnsweredPicture } from './answer.js';

/** Bytes of an image that is fetched from where an answer says it is. */
const mostBytes = 100 * 1024 * 1024;
/** Times that an image is fetched from its address; it has been paid. */
const tries = 4;

export interface ReadImageOptions {
  readonly server: FoundServer;
  readonly config: Pick<Config, 'pictureMs' | 'allowPrivateAddresses'>;
  readonly signal: AbortSignal;
}

/**
 * The file of an image in an answer: base64, a data URI, or at an address, which may be relative to the
 * server's.
 *
 * @throws EaselError where there is none, or it cannot be fetched
 */
export async function readFile(
  { b64_json: base64, url }: AnsweredPicture,
  { server, config, signal }: ReadImageOptions,
): Promise<Uint8Array<ArrayBuffer>> {
  const inline = base64 || (url?.startsWith('data:') ? url : undefined);
  if (inline) return bytesOfText(inline);
  if (!url) throw unreadable(server.name, 'there is no image in it');
  const base = new URL(server.baseUrl);
  const address = new URL(url, base);
  // Whoever has a server on a machine of their own has its images there as well.
  const isOwn = base.protocol === 'http:' && address.host === base.host;
  const { bytes } = await fetchImage(address, {
    maximumBytes: mostBytes,
    timeoutMs: config.pictureMs,
    tries,
    allowPrivateAddresses: config.allowPrivateAddresses || isOwn,
    signal,
  });
  return new Uint8Array(bytes);
}

/** The image in the format that was asked for; one that has it already stays byte for byte. */
export async function readImage(
  bytes: Uint8Array<ArrayBuffer>,
  outputFormat: OutputFormat,
  server: string,
): Promise<Image> {
  try {
    return await convertImage(bytes, outputFormat);
  } catch (cause) {
    throw unreadable(server, `an image of it ${(cause as Error).message}`, cause);
  }
}
