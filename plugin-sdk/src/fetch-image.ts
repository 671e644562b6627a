/**
 * Fetching a picture from an address that somebody else has named, for providers that answer addresses in place of bytes.
 *
 * @module
 */
import { EaselError, type EaselErrorOptions } from './errors.js';
import type { InputImage } from './image.js';
import { imageFormatOf } from './image-format.js';
import { type AddressLookup, findHost, type Host } from './image-host.js';
import { linkSignals } from './link-signals.js';
import { pinnedFetch } from './pinned-fetch.js';
import { readBody } from './read-body.js';

/** One request, without following redirects. Rejects where there is no answer. */
export type ImageFetch = (url: URL, options: { host: Host; signal: AbortSignal }) => Promise<Response>;

export interface FetchImageOptions {
  /** Bytes that the file may have, at most. */
  readonly maximumBytes: number;
  /** Milliseconds that all of it may take, redirects included. */
  readonly timeoutMs: number;
  /** Whether http, and addresses of this machine and of private networks, are allowed: for tests and gateways of one's own. Absent: no. */
  readonly allowPrivateAddresses?: boolean | undefined;
  /** Ends it. Absent: nothing does but `timeoutMs`. */
  readonly signal?: AbortSignal | undefined;
  /** Makes the requests. Absent: Node's own client, connected to the very address that was looked up and found to be allowed. */
  readonly fetch?: ImageFetch | undefined;
  /** Finds the addresses of a name. Absent: the system's resolver. */
  readonly lookup?: AddressLookup | undefined;
}

const mostRedirects = 3;
const redirecting: ReadonlySet<number> = new Set([301, 302, 303, 307, 308]);

/**
 * Fetches a PNG, JPEG or WebP file. Only https; no credentials are sent; each of at most three redirects is checked like the address
 * itself; nothing that is not public is connected to. The media type is that of the bytes, whatever the answer says.
 *
 * @throws EaselError ERR_PROVIDER_BAD_RESPONSE for an address that is not allowed, a file that is too large or no picture, and answers that
 * stay as they are; ERR_PROVIDER_UNAVAILABLE for what may pass: no connection, 408, 425, 429, 5xx, too late; ERR_ABORTED. Messages name the host
 * and not the path: whoever has a signed address has the picture.
 */
export async function fetchImage(address: string | URL, options: FetchImageOptions): Promise<InputImage> {
  const { timeoutMs, signal } = options;
  const { signal: stop, unlink } = linkSignals([signal], timeoutMs);
  let from = 'its address';
  try {
    let url = parseUrl(address);
    for (let redirects = 0; ; redirects++) {
      from = url.host;
      const host = await findHost(url, options, stop);
      const response = await (options.fetch ?? pinnedFetch)(url, { host, signal: stop });
      const location = redirecting.has(response.status) ? response.headers.get('location') : null;
      if (location === null) return await readImage(response, options.maximumBytes);
      await response.body?.cancel();
      if (redirects === mostRedirects) throw refuse(`it is redirected more than ${mostRedirects} times`);
      url = parseUrl(location, url);
    }
  } catch (error) {
    if (signal?.aborted)
      throw new EaselError({ code: 'ERR_ABORTED', message: 'Fetching a picture was cancelled.' });
    const { code, message } = asFailure(error, stop.aborted ? timeoutMs : undefined);
    throw new EaselError({ code, message: `A picture cannot be fetched from ${from}: ${message}.` });
  } finally {
    unlink();
  }
}

function parseUrl(address: string | URL, base?: URL): URL {
  try {
    return new URL(address, base);
  } catch {
    throw refuse('that is no URL');
  }
}

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
    throw refuse('it is no PNG, JPEG or WebP file');
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
