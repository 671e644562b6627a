import { linkSignals } from '@easel/plugin-sdk';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { HttpError } from '../errors.js';
import { addOperation, type Operation } from '../operation.js';
import type { ServerContext } from '../server-context.js';

const receive = {
  tag: 'Jobs',
  method: 'POST',
  path: '/api/webhooks/:plugin/:task',
  scope: 'public',
  summary:
    'Takes what a provider tells of a task, for the plugin that has asked it to; answers the same to all.',
  status: 204,
} as const satisfies Operation;

/** Bytes of a body: what a provider says of a task. Images are at addresses. */
const mostBytes = 1024 * 1024;
/** Milliseconds that the plugin may take to check a signature; providers wait for seconds. */
const checkMs = 10_000;
/** Webhooks at the plugins at once: anybody may send some. */
const mostAtOnce = 32;

/** What says who a caller is, which is nobody's business but the server's. */
const ownHeaders = ['authorization', 'cookie', 'x-api-key'];

/** `POST /api/webhooks/:plugin/:task`, whose sender the plugin checks. */
export const webhookRoutes =
  ({ manager, logger }: Pick<ServerContext, 'manager' | 'logger'>) =>
  async (server: FastifyInstance) => {
    // Signatures are of the bytes that came.
    server.removeAllContentTypeParsers();
    server.addContentTypeParser(
      '*',
      { parseAs: 'buffer', bodyLimit: mostBytes },
      async (_: unknown, body: Buffer) => body,
    );
    let atOnce = 0;
    type ToPlugin = { Params: { plugin: string; task: string } };
    addOperation<ToPlugin>(server, receive, async (request, reply) => {
      const { plugin, task } = request.params;
      if (!manager.getServiceHealth().plugins.some(({ id }) => id === plugin))
        throw new HttpError(404, 'plugin_not_found', `There is no plugin "${plugin.slice(0, 100)}".`);
      if (atOnce >= mostAtOnce)
        throw new HttpError(503, 'too_many_webhooks', 'Too many webhooks are being read; try again.', {
          retryAfterS: 1,
        });
      atOnce += 1;
      const late = linkSignals([], checkMs);
      try {
        const body = Buffer.isBuffer(request.body) ? request.body : Buffer.alloc(0);
        const taken = manager.receiveWebhook(plugin, { task, headers: headersOf(request), body });
        await Promise.race([taken, new Promise((resolve) => late.signal.addEventListener('abort', resolve))]);
      } catch (error) {
        logger.warn(`a webhook for the plugin "${plugin}" was lost: ${(error as Error).message}`);
      } finally {
        late.unlink();
        atOnce -= 1;
      }
      return await reply.status(204).send();
    });
  };

const headersOf = ({ headers }: FastifyRequest): Record<string, string> =>
  Object.fromEntries(
    Object.entries(headers).flatMap(([name, value]) =>
      typeof value === 'string' && !ownHeaders.includes(name) ? [[name, value]] : [],
    ),
  );
