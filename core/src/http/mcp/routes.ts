import { randomUUID } from 'node:crypto';
import { StreamableHTTPServerTransport } from '@modelcontextprotocol/sdk/server/streamableHttp.js';
import type { FastifyInstance } from 'fastify';
import { HttpError } from '../errors.js';
import type { ServerContext } from '../server-context.js';
import { asksForProgress, cancelledBy, isInitialize, withoutNullArguments } from './arguments.js';
import { RunningCalls, sessionHeader } from './running-calls.js';
import { createMcpServer } from './tools.js';

/** Messages of one body, each of which may ask for pictures. */
const mostMessages = 16;

/** Each tool asks for its own scope. */
const config = { access: { scope: 'any' } } as const;

/**
 * `POST /mcp`: the Model Context Protocol over streamable HTTP. A session is a name alone, by which calls are
 * found that are to be cancelled: nothing else is kept of it, and any is taken, also after a restart.
 */
export const mcpRoutes = (context: ServerContext) => async (server: FastifyInstance) => {
  const calls = new RunningCalls();
  server.post('/mcp', { config }, async (request, reply) => {
    const { body } = request;
    if (Array.isArray(body) && body.length > mostMessages)
      throw new HttpError(400, 'invalid_request', `A body may have at most ${mostMessages} messages.`);
    for (const id of cancelledBy(body)) calls.cancel(request, id);
    const mcp = createMcpServer(context, { request, reply, calls });
    // Without a session id generator the transport keeps no sessions. Notifications come in a stream of
    // events.
    const transport = new StreamableHTTPServerTransport({ enableJsonResponse: !asksForProgress(body) });
    // What the transport writes goes past Fastify, with what other hooks have said.
    for (const [name, value] of Object.entries(reply.getHeaders()))
      if (value !== undefined) reply.raw.setHeader(name, value);
    if (isInitialize(body)) reply.raw.setHeader(sessionHeader, randomUUID());
    reply.hijack();
    reply.raw.once('close', () => {
      void transport.close();
      void mcp.close();
    });
    await mcp.connect(transport as Parameters<typeof mcp.connect>[0]);
    // Without a body of ours it would wait for one that has been read already.
    await transport.handleRequest(request.raw, reply.raw, withoutNullArguments(body) ?? null);
    return reply;
  });
  server.route({
    method: ['GET', 'DELETE'],
    url: '/mcp',
    config,
    handler: async () => {
      throw new HttpError(
        405,
        'method_not_allowed',
        'There are no streams here beside those of calls: POST each message.',
      );
    },
  });
};
