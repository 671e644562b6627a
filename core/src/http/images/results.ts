import { basename, dirname } from 'node:path';
import staticFiles from '@fastify/static';
import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import { withoutMetadata } from '../../results/without-metadata.js';
import { HttpError } from '../errors.js';
import { addOperation, type Operation } from '../operation.js';
import { parseBody } from '../parse-body.js';
import type { ServerContext } from '../server-context.js';
import { thumbnailOf } from './thumbnail.js';

const yearS = 365 * 24 * 3_600;
const forEver = `public, max-age=${yearS}, immutable`;

const pictureSchema = z.object({
  metadata: z
    .enum(['none'])
    .optional()
    .describe('none: without what the file tells of how it was made. Absent: with it.'),
});

type ByName = { Params: { name: string } };

const operations = {
  picture: {
    tag: 'Pictures',
    method: 'GET',
    path: '/api/images/results/:name',
    scope: 'read',
    isSignable: true,
    summary: 'A stored picture.',
    query: pictureSchema,
  },
  thumbnail: {
    tag: 'Pictures',
    method: 'GET',
    path: '/api/images/results/:name/thumbnail',
    scope: 'read',
    isSignable: true,
    summary: 'A stored picture as a small WebP.',
  },
  metadata: {
    tag: 'Pictures',
    method: 'GET',
    path: '/api/images/results/:name/metadata',
    scope: 'read',
    summary: 'What is known of a stored picture.',
    answer: 'picture',
  },
} as const satisfies Record<string, Operation>;

const notFound = (name: string) =>
  new HttpError(404, 'result_not_found', `There is no picture "${name.slice(0, 100)}".`);

/**
 * `GET /api/images/results/<name>`: a stored picture, for ever the same, in ranges where they are asked for;
 * a thumbnail of it, and what is known of it.
 */
export const resultRoutes =
  ({ results, manager }: ServerContext) =>
  async (server: FastifyInstance) => {
    await server.register(staticFiles, { root: manager.configuration.storageFolder, serve: false });

    const find = async (name: string) => {
      const about = await results.about(name);
      if (about) return about;
      throw notFound(name);
    };

    const bytesOf = async (name: string): Promise<Buffer> => {
      const bytes = await results.read(name);
      if (bytes) return Buffer.from(bytes);
      throw notFound(name);
    };

    addOperation<ByName>(server, operations.picture, async (request, reply) => {
      const { name } = request.params;
      const { mediaType } = await find(name);
      const { metadata } = parseBody(pictureSchema, request.query);
      if (metadata === 'none') {
        const bytes = withoutMetadata(await bytesOf(name), String(mediaType));
        return await reply.type(String(mediaType)).send(Buffer.from(bytes));
      }
      reply.type(String(mediaType)).header('etag', `"${name}"`).header('x-content-type-options', 'nosniff');
      if (request.headers['if-none-match']?.includes(`"${name}"`)) return await reply.status(304).send();
      const file = results.fileOf(name);
      if (file === undefined) return await reply.header('cache-control', forEver).send(await bytesOf(name));
      return reply.sendFile(basename(file), dirname(file), {
        immutable: true,
        maxAge: yearS * 1_000,
        etag: false,
      });
    });

    addOperation<ByName>(server, operations.thumbnail, async ({ params: { name } }, reply) => {
      await find(name);
      const thumbnail = await thumbnailOf(results, name);
      if (!thumbnail) throw new HttpError(415, 'no_thumbnail', 'This picture cannot be made smaller.');
      return await reply.type('image/webp').header('cache-control', forEver).send(Buffer.from(thumbnail));
    });

    addOperation<ByName>(server, operations.metadata, async ({ params }) => await find(params.name));
  };
