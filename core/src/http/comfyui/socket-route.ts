import { randomUUID } from 'node:crypto';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { HttpError } from '../errors.js';
import type { Operation } from '../operation.js';
import { parseBody } from '../parse-body.js';
import { queueStatus } from './follow-prompt.js';
import { socketSchema } from './operations.js';
import type { Door } from './take-prompt.js';

/** `/ws`: tells a client of its prompts. */
export function addSocketRoute(
  server: FastifyInstance,
  operation: Operation,
  { prompts, sockets }: Door,
): void {
  const { method, path: url, scope } = operation;
  server.route({
    ...{ method, url },
    config: { access: { scope }, operation },
    handler: async () => {
      throw new HttpError(426, 'upgrade_required', 'Connect by WebSocket.');
    },
    wsHandler: (socket, request: FastifyRequest) => {
      const caller = request.apiKey?.id ?? '';
      const { clientId } = parseBody(socketSchema, request.query);
      const client = clientId || randomUUID().replaceAll('-', '');
      sockets.add(socket, caller, client);
      const data = { status: queueStatus(prompts, caller), sid: client };
      socket.send(JSON.stringify({ type: 'status', data }));
    },
  });
}
