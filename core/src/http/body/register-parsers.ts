import type { FastifyInstance } from 'fastify';
import { HttpError } from '../errors.js';
import { parseJson } from './parse-json.js';

/** Reads bodies of JSON, within bounds, and says of others what they should be. */
export function registerParsers(server: FastifyInstance, bodyLimit: number): void {
  server.addHook('preParsing', async ({ headers }) => {
    const { 'content-encoding': encoding = 'identity', 'content-length': length } = headers;
    if (encoding.trim().toLowerCase() !== 'identity')
      throw new HttpError(
        415,
        'unsupported_encoding',
        `content-encoding: "${encoding.slice(0, 40)}" is not read here; send the body as it is, as content-type: application/json.`,
      );
    if (Number(length) > bodyLimit)
      throw new HttpError(413, 'body_too_large', `The body must have at most ${bodyLimit} bytes.`);
  });

  server.removeContentTypeParser(['application/json', 'text/plain']);
  const parse = async (_request: unknown, body: Buffer) => (body.length === 0 ? undefined : parseJson(body));
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
