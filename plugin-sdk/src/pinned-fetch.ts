import type { RequestOptions } from 'node:http';
import type { LookupFunction } from 'node:net';
import { exchange } from './exchange.js';
import type { Host } from './image-host.js';

export interface PinnedRequest {
  /** Where to connect to, as `findHost` answers it. */
  readonly host: Host;
  readonly signal: AbortSignal;
  /** Absent: GET. */
  readonly method?: 'GET' | 'POST' | undefined;
  /** Absent: those that ask for an image. */
  readonly headers?: Readonly<Record<string, string>> | undefined;
  /** Absent: none. */
  readonly body?: string | undefined;
}

const forImages = { accept: 'image/png, image/jpeg, image/webp', 'accept-encoding': 'identity' };

/**
 * One request on a connection of its own to the address given, whatever the name in the URL has meanwhile;
 * the certificate still has to be the name's. Follows no redirects, and sends no credentials and no cookies
 * by itself. Node's `fetch` cannot be told which address to use.
 */
export async function pinnedFetch(
  url: URL,
  { host, signal, method = 'GET', headers: sent = forImages, body: content }: PinnedRequest,
): Promise<Response> {
  const options: RequestOptions = {
    ...{ agent: false, signal, method },
    lookup: lookupOf(host),
    headers: { ...sent, ...(content === undefined ? {} : { 'content-length': Buffer.byteLength(content) }) },
  };
  return await exchange(url, options, content);
}

/** Answers both forms in which Node asks: for one address, and for all. */
const lookupOf =
  ({ address, family }: Host): LookupFunction =>
  (_, { all }, callback) =>
    all ? callback(null, [{ address, family }]) : callback(null, address, family);
