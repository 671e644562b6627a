import type { FastifyInstance } from 'fastify';
import { ModelBin } from '../../model-files/model-bin.js';
import { HttpError } from '../errors.js';
import { endlessStreams } from '../event-stream.js';
import { healthFor } from '../health-for.js';
import { addOperation } from '../operation.js';
import { parseBody } from '../parse-body.js';
import type { ServerContext } from '../server-context.js';
import { describeServer } from './describe-server.js';
import { installRoutes } from './install-routes.js';
import { addKernelEvents } from './kernel-events.js';
import { modelRoutes } from './model-routes.js';
import { adminOperations as operations, resetSchema, secretSchema } from './operations.js';

type ById = { Params: { id: string } };

/** `/api/admin/...`: plugins, their switches, circuits and logs, and the configuration as it stands. */
export const adminRoutes = (context: ServerContext) => async (server: FastifyInstance) => {
  const { manager } = context;
  addOperation(server, operations.status, async (request) => ({
    success: true,
    ...(await describeServer(context, request)),
  }));
  const pluginOf = (id: string) => manager.getServiceHealth().plugins.find((plugin) => plugin.id === id);

  addOperation(server, operations.plugins, async (request) => {
    return { success: true, ...healthFor(manager.getServiceHealth(), request) };
  });
  addOperation<ById>(server, operations.enable, async ({ params: { id } }) => {
    await context.switchPlugin(id, true);
    return { success: true, plugin: pluginOf(id) };
  });
  addOperation<ById>(server, operations.disable, async ({ params: { id } }) => {
    await context.switchPlugin(id, false);
    return { success: true, plugin: pluginOf(id) };
  });
  addOperation<ById>(server, operations.reload, async ({ params: { id } }) => {
    await manager.reloadPlugin(id);
    return { success: true, plugin: pluginOf(id) };
  });
  addOperation<ById>(server, operations.reset, async ({ params: { id }, body }) => {
    manager.resetBreakers(id, parseBody(resetSchema, body).pipeline_type ?? undefined);
    return { success: true, plugin: pluginOf(id) };
  });
  addOperation(server, operations.setSecret, async ({ body }) => {
    const { name, value } = parseBody(secretSchema, body);
    return { success: true, plugins: await manager.setSecret(name, value) };
  });
  addKernelEvents(server, context);
  const { storageFolder } = manager.configuration;
  const bin = new ModelBin({ storageFolder, logger: context.logger });
  await server.register(installRoutes(context, bin));
  await server.register(modelRoutes(context, bin));
  server.addHook('onClose', () => bin.close());
  const openStream = endlessStreams(server);
  addOperation<ById>(server, operations.logs, async ({ params: { id } }, reply) => {
    if (!pluginOf(id))
      throw new HttpError(404, 'plugin_not_found', `There is no plugin "${id.slice(0, 100)}".`);
    const events = openStream(reply);
    const off = manager.on('plugin-log', ({ plugin, level, message, details }) => {
      if (plugin === id) events.send('log', { time: new Date().toISOString(), level, message, details });
    });
    reply.raw.once('close', off);
    events.comment('lines follow as they are written');
    return reply;
  });

  // Secrets are in the environment and never in the configuration; the plugins' own options may hold what
  // people took for harmless.
  addOperation(server, operations.configuration, async () => ({
    success: true,
    configuration: hideSecrets(manager.configuration),
  }));
};

const secretName = /key|token|secret|password|authorization/i;

/** The same, with a mark in place of whatever is named like a secret. */
function hideSecrets(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(hideSecrets);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, part]) => [
      name,
      typeof part === 'string' && secretName.test(name) ? '[hidden]' : hideSecrets(part),
    ]),
  );
}
