import {
  type ClientRequest,
  request as httpRequest,
  type IncomingMessage,
  type RequestOptions,
} from 'node:http';
import { request as httpsRequest } from 'node:https';
import { addAbortSignal, Readable } from 'node:stream';
import { decompress } from './decompress.js';
import { connectTimeout } from './unsent.js';

/** Milliseconds within which a connection has to be there. */
const connectMs = 10_000;
/** Statuses whose answers have no content. */
const bodiless: ReadonlySet<number> = new Set([204, 205, 304]);

/**
 * One request by Node's own HTTP client, without following redirects; an answer that is compressed is read as
 * what it was before. `fetch` gives up on an answer that does not begin within five minutes, and ends the
 * process where a connection ends while an answer waits to be read (nodejs/undici#5360).
 */
export async function exchange(
  url: URL,
  options: RequestOptions,
  content?: string | Uint8Array,
): Promise<Response> {
  const incoming = await new Promise<IncomingMessage>((resolve, reject) => {
    const start = url.protocol === 'https:' ? httpsRequest : httpRequest;
    const request = start(url, options, resolve).on('error', reject);
    limitConnecting(request);
    request.end(content);
  });
  const status = incoming.statusCode ?? 0;
  if (status < 200 || status > 599) {
    incoming.destroy();
    throw new Error(`it has the status ${status}, which HTTP does not know`);
  }
  // Node drops what waits to be read of a request that is aborted, as if its answer were empty.
  if (options.signal) addAbortSignal(options.signal, incoming);
  const headers = new Headers();
  for (const [name, value] of Object.entries(incoming.headers))
    headers.set(name, Array.isArray(value) ? value.join(', ') : (value ?? ''));
  if (bodiless.has(status)) {
    incoming.resume();
    return new Response(null, { status, headers });
  }
  const body = Readable.toWeb(decompress(incoming, headers)) as ReadableStream;
  return new Response(body, { status, headers });
}

/** A host that says nothing is given up early: nothing has been sent by then. */
function limitConnecting(request: ClientRequest): void {
  const late = () =>
    request.destroy(
      Object.assign(new Error(`no connection within ${connectMs} ms`), { code: connectTimeout }),
    );
  request.once('socket', (socket) => {
    if (!socket.connecting) return;
    const timer = setTimeout(late, connectMs);
    const isThere = () => clearTimeout(timer);
    socket.once('encrypted' in socket ? 'secureConnect' : 'connect', isThere).once('close', isThere);
  });
}
