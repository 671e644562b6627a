import type { IncomingMessage } from 'node:http';
import { Readable } from 'node:stream';
import type { FastifyInstance } from 'fastify';
import { HttpError } from '../errors.js';

/**
 * Takes bodies that the host app has read before it handed the request on, as `express.json()` does: what it
 * made of them is in `body` of the request. Without that nothing would ever come of them, and so they are
 * refused.
 */
export function takeBodiesReadByHost(server: FastifyInstance): void {
  server.addHook('preParsing', async ({ headers, raw }, _reply, payload) => {
    const { 'content-length': length, 'transfer-encoding': transfer, 'content-encoding': encoding } = headers;
    if (!raw.readableEnded || (transfer === undefined && Number(length ?? 0) === 0)) return payload;
    const bytes = bytesOf(raw);
    if (!bytes)
      throw new HttpError(
        400,
        'body_already_read',
        'The app in front of Easel has read the body of this request and has not kept it. Hand the request on before the app parses its body.',
      );
    // The app has decoded it.
    if (encoding !== undefined) delete raw.headers['content-encoding'];
    // Fastify compares it with the content-length, which is that of the bytes which the app has read.
    return Object.assign(Readable.from([bytes]), { receivedEncodedLength: Number(length) });
  });
}

function bytesOf(raw: IncomingMessage & { readonly body?: unknown }): Buffer | undefined {
  const { body } = raw;
  if (Buffer.isBuffer(body)) return body;
  if (typeof body === 'string') return Buffer.from(body);
  const isJson = /^application\/([\w.-]+\+)?json\b/i.test(raw.headers['content-type'] ?? '');
  return isJson && typeof body === 'object' && body !== null ? Buffer.from(JSON.stringify(body)) : undefined;
}
