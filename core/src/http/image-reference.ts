import { EaselError, fetchImage } from '@easel/plugin-sdk';
import type { FastifyReply } from 'fastify';
import { abortOnDisconnect } from './disconnect.js';
import { HttpError } from './errors.js';
import { fromBase64, type GivenImage } from './input-image.js';
import type { ServerContext } from './server-context.js';

/** Milliseconds that the server of an image may take. */
const fetchMs = 30_000;
const mebibyte = 1024 * 1024;

/**
 * An image that JSON names: base64, a data URL with it, or an address that it is fetched from; of those only
 * public ones with https, unless the operator allows others (`server.privateAddresses`).
 *
 * @param param field of the caller's that has it
 * @throws HttpError 400 with the field
 */
export async function readReference(
  text: string,
  param: string,
  { configuration, manager }: Pick<ServerContext, 'configuration' | 'manager'>,
  reply: FastifyReply,
): Promise<GivenImage> {
  if (!/^https?:/i.test(text)) return fromBase64(text, param);
  try {
    const { bytes } = await fetchImage(text, {
      maximumBytes: manager.configuration.server.bodyMb * mebibyte,
      timeoutMs: fetchMs,
      allowPrivateAddresses: configuration.privateAddresses,
      signal: abortOnDisconnect(reply),
    });
    return { param, bytes };
  } catch (error) {
    if (!EaselError.isInstance(error) || error.code === 'ERR_ABORTED') throw error;
    throw new HttpError(400, 'invalid_image', `${param}: ${error.message}`, { param });
  }
}
