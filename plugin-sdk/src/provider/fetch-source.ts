import { fetchImage } from '../fetch-image.js';
import { bytesOfText } from './fields.js';
import type { ImageSource } from './task-driver.js';
import type { TaskSettings } from './task-settings.js';

/** Bytes of an image, at most. */
const mostBytes = 100 * 1024 * 1024;
/** Times that an image is fetched from its address; it has been paid. */
const tries = 4;

/**
 * The file of an image: base64, a data URI, or at an address, which is fetched without the key and with the
 * checks of `fetchImage`.
 *
 * @throws EaselError where it cannot be fetched
 */
export async function fetchSource(
  source: ImageSource,
  { imageMs, allowPrivateAddresses }: Pick<TaskSettings, 'imageMs' | 'allowPrivateAddresses'>,
  signal: AbortSignal,
): Promise<Uint8Array<ArrayBuffer>> {
  const url = 'url' in source ? source.url : `data:,${source.base64}`;
  if (url.startsWith('data:')) return bytesOfText(url);
  const { bytes } = await fetchImage(url, {
    maximumBytes: mostBytes,
    timeoutMs: imageMs,
    tries,
    allowPrivateAddresses,
    signal,
  });
  return new Uint8Array(bytes);
}
