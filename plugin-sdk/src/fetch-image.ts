/**
 * Fetching a picture from an address that somebody else has named, for providers that answer addresses in
 * place of bytes.
 *
 * @module
 */
import { setTimeout as pause } from 'node:timers/promises';
import { EaselError, type EaselErrorOptions } from './errors.js';
import { type FetchAddressOptions, fetchAddress } from './fetch-address.js';
import type { InputImage } from './image.js';
import { imageFormatOf } from './image-format.js';
import { linkSignals } from './link-signals.js';
import { readBody } from './read-body.js';

export interface FetchImageOptions extends Omit<FetchAddressOptions, 'signal' | 'onHost'> {
  /** Bytes that the file may have, at most. */
  readonly maximumBytes: number;
  /** Milliseconds that one try may take, redirects included. */
  readonly timeoutMs: number;
  /**
   * Tries where it fails in ways that may pass, with pauses between them that double from half a second.
   * Absent: 1.
   */
  readonly tries?: number | undefined;
  /** Ends it. Absent: nothing does but `timeoutMs`. */
  readonly signal?: AbortSignal | undefined;
}

const firstPauseMs = 500;

/**
 * Fetches a PNG, JPEG or WebP file. Only https; no credentials are sent; each of at most three redirects is
 * checked like the address itself; nothing that is not public is connected to. The media type is that of the
 * bytes, whatever the answer says.
 *
 * @throws EaselError ERR_PROVIDER_BAD_RESPONSE for an address that is not allowed, a file that is too large
 * or no picture, and answers that stay as they are; ERR_PROVIDER_UNAVAILABLE for what may pass: no
 * connection, 408, 425, 429, 5xx, too late; ERR_ABORTED. Messages name the host and not the path: whoever has
 * a signed address has the picture.
 */
export async function fetchImage(address: string | URL, options: FetchImageOptions): Promise<InputImage> {
  const { tries = 1, signal } = options;
  for (let failures = 1; ; failures++) {
    try {
      return await fetchOnce(address, options);
    } catch (error) {
      const mayPass = EaselError.isInstance(error) && error.code === 'ERR_PROVIDER_UNAVAILABLE';
      if (!mayPass || failures >= tries) throw error;
    }
    await pause(firstPauseMs * 2 ** (failures - 1), undefined, { signal }).catch(() => {
      throw cancelled();
    });
  }
}

async function fetchOnce(address: string | URL, options: FetchImageOptions): Promise<InputImage> {
  const { timeoutMs, signal } = options;
  const { signal: stop, unlink } = linkSignals([signal], timeoutMs);
  let from = 'its address';
  try {
    const onHost = (host: string) => {
      from = host;
    };
    return await readImage(
      await fetchAddress(address, { ...options, signal: stop, onHost }),
      options.maximumBytes,
    );
  } catch (error) {
    if (signal?.aborted) throw cancelled();
    const { code, message } = asFailure(error, stop.aborted ? timeoutMs : undefined);
    throw new EaselError({ code, message: `A picture cannot be fetched from ${from}: ${message}.` });
  } finally {
    unlink();
  }
}

const cancelled = () => new EaselError({ code: 'ERR_ABORTED', message: 'Fetching a picture was cancelled.' });

async function readImage(response: Response, maximumBytes: number): Promise<InputImage> {
  const { status } = response;
  if (status !== 200) {
    await response.body?.cancel();
    const mayPass = status === 408 || status === 425 || status === 429 || status >= 500;
    const code = mayPass ? 'ERR_PROVIDER_UNAVAILABLE' : 'ERR_PROVIDER_BAD_RESPONSE';
    throw new EaselError({ code, message: `it answered ${status}` });
  }
  const bytes = new Uint8Array(await readBody(response, maximumBytes));
  const format = imageFormatOf(bytes);
  if (format !== 'png' && format !== 'jpeg' && format !== 'webp')
    throw refuse('it is not a PNG, JPEG or WebP file');
  return { bytes, mediaType: `image/${format}` };
}

const refuse = (message: string) => new EaselError({ code: 'ERR_PROVIDER_BAD_RESPONSE', message });

function asFailure(error: unknown, lateMs: number | undefined): Pick<EaselErrorOptions, 'code' | 'message'> {
  if (lateMs !== undefined)
    return { code: 'ERR_PROVIDER_UNAVAILABLE', message: `it took longer than ${lateMs} ms` };
  if (EaselError.isInstance(error)) return error;
  // Its message would repeat the whole address, or that of a private network.
  const { code = 'no answer' } = ((error as Error).cause ?? error) as { code?: unknown };
  return { code: 'ERR_PROVIDER_UNAVAILABLE', message: `the connection failed (${String(code)})` };
}
