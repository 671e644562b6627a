import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import type { Doors } from '../doors.js';
import { HttpError } from '../errors.js';
import { endlessStreams } from '../event-stream.js';
import { parseBody } from '../parse-body.js';

export const resetSchema = z.strictObject({ pipeline_type: z.string().max(100).nullish() });
type ById = { Params: { id: string } };

/** `/api/admin/...`: plugins, their switches, circuits and logs, and the configuration as it stands. */
export const adminRoutes =
  ({ manager }: Doors) =>
  async (server: FastifyInstance) => {
    const pluginOf = (id: string) => manager.getServiceHealth().plugins.find((plugin) => plugin.id === id);

    server.get('/api/admin/plugins', async () => {
      const { status, plugins, problems } = manager.getServiceHealth();
      return { success: true, status, plugins, problems };
    });
    server.post<ById>('/api/admin/plugins/:id/enable', async ({ params: { id } }) => {
      await manager.enablePlugin(id);
      return { success: true, plugin: pluginOf(id) };
    });
    server.post<ById>('/api/admin/plugins/:id/disable', async ({ params: { id } }) => {
      await manager.disablePlugin(id);
      return { success: true, plugin: pluginOf(id) };
    });
    server.post<ById>('/api/admin/plugins/:id/reload', async ({ params: { id } }) => {
      await manager.reloadPlugin(id);
      return { success: true, plugin: pluginOf(id) };
    });
    server.post<ById>('/api/admin/plugins/:id/reset', async ({ params: { id }, body }) => {
      manager.resetBreakers(id, parseBody(resetSchema, body).pipeline_type ?? undefined);
      return { success: true, plugin: pluginOf(id) };
    });
    const openStream = endlessStreams(server);
    server.get<ById>('/api/admin/plugins/:id/logs', async ({ params: { id } }, reply) => {
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

    // Secrets are in the environment and never in the configuration; the plugins' own options may hold what people took for harmless.
    server.get('/api/admin/configuration', async () => ({
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
