import { request as httpRequest, type IncomingMessage, type RequestOptions } from 'node:http';
import { request as httpsRequest } from 'node:https';
import type { LookupFunction } from 'node:net';
import { Readable } from 'node:stream';
import type { Host } from './image-host.js';

/**
 * GET on a connection of its own to the address given, whatever the name in the URL has meanwhile; the certificate still has to be the
 * name's. Follows no redirects, sends no credentials and no cookies. Node's `fetch` cannot be told which address to use.
 */
export async function pinnedFetch(
  url: URL,
  { host, signal }: { host: Host; signal: AbortSignal },
): Promise<Response> {
  const options: RequestOptions = {
    agent: false,
    signal,
    lookup: lookupOf(host),
    headers: { accept: 'image/png, image/jpeg, image/webp', 'accept-encoding': 'identity' },
  };
  const incoming = await new Promise<IncomingMessage>((resolve, reject) => {
    const request = url.protocol === 'https:' ? httpsRequest : httpRequest;
    request(url, options, resolve).on('error', reject).end();
  });
  const headers = new Headers();
  for (const [name, value] of Object.entries(incoming.headers))
    headers.set(name, Array.isArray(value) ? value.join(', ') : (value ?? ''));
  const status = incoming.statusCode ?? 0;
  const body = [204, 205, 304].includes(status) ? null : (Readable.toWeb(incoming) as ReadableStream);
  if (body === null) incoming.resume();
  return new Response(body, { status, headers });
}

/** Answers both forms in which Node asks: for one address, and for all. */
const lookupOf =
  ({ address, family }: Host): LookupFunction =>
  (_, { all }, callback) =>
    all ? callback(null, [{ address, family }]) : callback(null, address, family);
