import type { FastifyInstance } from 'fastify';
import { readHubSettings } from '../../model-files/hub-settings.js';
import { ModelInstalls } from '../../model-files/model-installs.js';
import { readCatalogue } from '../../models/catalogue.js';
import { findModel } from '../../models/find-model.js';
import { HttpError } from '../errors.js';
import { addOperation, type Operation } from '../operation.js';
import type { ServerContext } from '../server-context.js';

type ById = { Params: { id: string } };

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
  ({ manager }: Pick<ServerContext, 'manager'>) =>
  async (server: FastifyInstance) => {
    const installs = new ModelInstalls(readHubSettings);
    server.addHook('preClose', () => installs.close());

    addOperation(server, operations.list, async () => ({ installs: installs.list() }));

    addOperation<ById>(server, operations.begin, async ({ params: { id } }, reply) => {
      const { source } = findModel(readCatalogue(manager.configuration), id);
      if (source.type !== 'hub')
        throw new HttpError(409, 'nothing_to_install', `The model "${id}" needs no install.`);
      reply.status(202);
      return installs.begin(id, source);
    });

    addOperation<ById>(server, operations.pause, async ({ params: { id } }) => {
      const paused = await installs.pause(id);
      if (paused) return paused;
      throw new HttpError(404, 'install_not_found', `Nobody has asked to install "${id.slice(0, 100)}".`);
    });
  };
