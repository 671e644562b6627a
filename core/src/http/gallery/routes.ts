import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { ListedImage } from '../../jobs/database/image-table.js';
import { HttpError } from '../errors.js';
import { addOperation } from '../operation.js';
import { parseBody } from '../parse-body.js';
import type { ServerContext } from '../server-context.js';
import {
  costsSchema,
  galleryChangeSchema,
  gallerySchema,
  galleryOperations as operations,
} from './operations.js';

const dayMs = 24 * 3_600_000;

type ByName = { Params: { name: string } };

/** Whose images somebody sees. Undefined: everybody's. */
const callerOf = ({ apiKey }: FastifyRequest): string | undefined =>
  !apiKey || apiKey.scopes.includes('admin') ? undefined : apiKey.id;

/**
 * `/api/images/gallery`: the images that were made and are kept; `/api/images/costs`: what they have cost.
 */
export const galleryRoutes =
  ({ images }: ServerContext) =>
  async (server: FastifyInstance) => {
    addOperation(server, operations.list, async (request) => {
      const { limit, offset, since, until, starred, ...filter } = parseBody(gallerySchema, request.query);
      const asked = {
        ...filter,
        caller: callerOf(request),
        starred: starred === 'true',
        since: since === undefined ? undefined : Date.parse(since),
        before: until === undefined ? undefined : Date.parse(until) + dayMs,
      };
      const [listed, days] = await Promise.all([images.list(asked, offset, limit), images.days(asked)]);
      return { total: listed.total, days, images: listed.images.map(describe) };
    });

    addOperation(server, operations.costs, async (request) => {
      const { days } = parseBody(costsSchema, request.query);
      return { costs: await images.costs(callerOf(request), Date.now() - days * dayMs) };
    });

    addOperation<ByName>(server, operations.get, async (request) => {
      const { name } = request.params;
      const image = await images.get(callerOf(request), name);
      if (!image)
        throw new HttpError(404, 'image_not_found', `There is no image "${name.slice(0, 100)}" of yours.`);
      return { ...describe(image), ...(JSON.parse(image.about) as object) };
    });

    addOperation(server, operations.change, async (request) => {
      const { names, starred, deleted } = parseBody(galleryChangeSchema, request.body);
      const caller = callerOf(request);
      let changed = 0;
      if (starred !== undefined) changed = await images.star(caller, names, starred);
      if (deleted !== undefined)
        changed = await images.setDeleted(caller, names, deleted ? Date.now() : undefined);
      return { changed };
    });
  };

const describe = ({ createdAt, mediaType, starred, seed, job, ...image }: ListedImage) => ({
  name: image.name,
  created_at: new Date(createdAt).toISOString(),
  job,
  prompt: image.prompt,
  model: image.model,
  plugin: image.plugin,
  media_type: mediaType,
  width: image.width,
  height: image.height,
  seed,
  starred: starred === 1,
});
