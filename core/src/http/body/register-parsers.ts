import { setImmediate as nextTurn } from 'node:timers/promises';
import type { FastifyInstance } from 'fastify';
import { SerialQueue } from '../../kernel/serial-queue.js';
import { HttpError } from '../errors.js';
import { drained } from './drained.js';
import { holdLargeBodies } from './hold-large-bodies.js';
import { takeBodiesReadByHost } from './host-read-body.js';
import { parseJson } from './parse-json.js';

/** Bytes of a body that takes its turn. */
const largeBytes = 1024 * 1024;

/** Reads bodies of JSON, within bounds, and says of others what they should be. */
export function registerParsers(server: FastifyInstance, bodyLimit: number): void {
  takeBodiesReadByHost(server);
  server.addHook('preParsing', async ({ headers, raw }) => {
    const { 'content-encoding': encoding = 'identity', 'content-length': length } = headers;
    if (encoding.trim().toLowerCase() !== 'identity') {
      await drained(raw);
      throw new HttpError(
        415,
        'unsupported_encoding',
        `content-encoding: "${encoding.slice(0, 40)}" is not read here; send the body as it is, as content-type: application/json.`,
      );
    }
    if (Number(length) > bodyLimit) {
      await drained(raw);
      throw new HttpError(413, 'body_too_large', `The body must have at most ${bodyLimit} bytes.`);
    }
  });

  holdLargeBodies(server, bodyLimit);
  refuseForms(server);

  server.removeContentTypeParser(['application/json', 'text/plain']);
  const parse = createJsonParser();
  server.addContentTypeParser('application/json', { parseAs: 'buffer' }, parse);
  server.addContentTypeParser(/^application\/[\w.-]+\+json/, { parseAs: 'buffer' }, parse);
  server.addContentTypeParser('*', async ({ headers }: { headers: NodeJS.Dict<string | string[]> }) => {
    // Clients name a type without sending anything.
    if (headers['content-length'] === '0') return undefined;
    const { 'content-type': type } = headers;
    const what = type === undefined ? 'is missing' : `"${String(type).slice(0, 100)}" is not read here`;
    throw new HttpError(
      415,
      'unsupported_media_type',
      `content-type: ${what}; send application/json, or multipart/form-data where a form is taken.`,
    );
  });
}

/** Forms are known everywhere, and read only by the operations that take files. */
function refuseForms(server: FastifyInstance): void {
  server.addHook('preHandler', async (request) => {
    const { operation } = request.routeOptions.config;
    if (!operation?.body || operation.files || !request.isMultipart()) return;
    await drained(request.raw);
    throw new HttpError(
      415,
      'unsupported_media_type',
      'content-type: "multipart/form-data" is not read here; send the fields as application/json.',
    );
  });
}

/**
 * Reads the bodies of an API as JSON, whatever type they are said to have: its own server does, and `curl -d`
 * and Python's urllib say that they send a form. Pages of other sites are told by their origin.
 */
export function readAnyTypeAsJson(server: FastifyInstance): void {
  server.removeContentTypeParser('*');
  server.addContentTypeParser('*', { parseAs: 'buffer' }, createJsonParser());
}

function createJsonParser() {
  const turns = new SerialQueue();
  return async (_request: unknown, body: Buffer): Promise<unknown> => {
    if (body.length === 0) return undefined;
    if (body.length < largeBytes) return parseJson(body);
    // Several that have come at once would hold the event loop for the sum of their times.
    return await turns.run(async () => {
      await nextTurn();
      return parseJson(body);
    });
  };
}
