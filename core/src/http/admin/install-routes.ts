import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import { readHubSettings } from '../../model-files/hub-settings.js';
import { variantsOf } from '../../model-files/hub-variants.js';
import type { ModelBin } from '../../model-files/model-bin.js';
import { ModelInstalls } from '../../model-files/model-installs.js';
import { readCatalogue } from '../../models/catalogue.js';
import { findModel } from '../../models/find-model.js';
import { HttpError } from '../errors.js';
import { addOperation, type Operation } from '../operation.js';
import { parseBody } from '../parse-body.js';
import type { ServerContext } from '../server-context.js';

type ById = { Params: { id: string } };

export const installSchema = z.strictObject({
  variant: z
    .string()
    .max(100)
    .nullish()
    .describe(
      'A smaller version that the entry names. null: the model itself. Absent: what was begun before.',
    ),
});

const admin = { tag: 'Administration', scope: 'admin' } as const;

const operations = {
  list: {
    ...admin,
    method: 'GET',
    path: '/api/admin/installs',
    summary: 'Lists the installs of models since the server started, with how far they are.',
    answer: 'installs',
  },
  begin: {
    ...admin,
    method: 'POST',
    path: '/api/admin/installs/:id',
    summary: 'Installs a model of the catalogue, or goes on with an install that was paused or cut off.',
    status: 202,
    body: installSchema,
    example: {},
    answer: 'install',
  },
  pause: {
    ...admin,
    method: 'DELETE',
    path: '/api/admin/installs/:id',
    summary: 'Pauses an install; what has come is kept.',
    answer: 'install',
  },
} as const satisfies Record<string, Operation>;

/** `/api/admin/installs`: fetches models from the hub, which goes on while nobody looks. */
export const installRoutes =
  ({ manager }: Pick<ServerContext, 'manager'>, bin: ModelBin) =>
  async (server: FastifyInstance) => {
    const installs = new ModelInstalls(readHubSettings);
    server.addHook('preClose', () => installs.close());

    addOperation(server, operations.list, async () => ({ installs: installs.list() }));

    addOperation<ById>(server, operations.begin, async ({ params: { id }, body }, reply) => {
      const { source } = findModel(readCatalogue(manager.configuration), id);
      if (source.type !== 'hub')
        throw new HttpError(409, 'nothing_to_install', `The model "${id}" needs no install.`);
      const known = installs.list().find(({ model }) => model === id);
      const { variant: asked = known?.variant } = parseBody(installSchema, body);
      const variant = asked ?? undefined;
      const chosen = variant === undefined ? source : variantsOf(source).get(variant);
      if (!chosen) {
        const names = [...variantsOf(source).keys()].join(', ') || 'none';
        throw new HttpError(
          400,
          'variant_not_found',
          `The model "${id}" has no variant of that name; there are: ${names}.`,
          { param: 'variant' },
        );
      }
      await bin.makeWay(id, chosen);
      reply.status(202);
      return installs.begin({ model: id, ...(variant === undefined ? {} : { variant }), source: chosen });
    });

    addOperation<ById>(server, operations.pause, async ({ params: { id } }) => {
      const paused = await installs.pause(id);
      if (paused) return paused;
      throw new HttpError(404, 'install_not_found', `Nobody has asked to install "${id.slice(0, 100)}".`);
    });
  };
