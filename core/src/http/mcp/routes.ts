import { StreamableHTTPServerTransport } from '@modelcontextprotocol/sdk/server/streamableHttp.js';
import type { FastifyInstance } from 'fastify';
import { HttpError } from '../errors.js';
import type { ServerContext } from '../server-context.js';
import { createMcpServer } from './tools.js';

/** Messages of one body, each of which may ask for pictures. */
const mostMessages = 16;

/** Each tool asks for its own scope. */
const config = { access: { scope: 'any' } } as const;

/** `POST /mcp`: the Model Context Protocol over streamable HTTP, without sessions. */
export const mcpRoutes = (context: ServerContext) => async (server: FastifyInstance) => {
  server.post('/mcp', { config }, async (request, reply) => {
    const { body } = request;
    if (Array.isArray(body) && body.length > mostMessages)
      throw new HttpError(400, 'invalid_request', `A body may have at most ${mostMessages} messages.`);
    const mcp = createMcpServer(context, { request, reply });
    // Without a session id generator there are no sessions.
    const transport = new StreamableHTTPServerTransport({ enableJsonResponse: true });
    // What the transport writes goes past Fastify, with what other hooks have said.
    for (const [name, value] of Object.entries(reply.getHeaders()))
      if (value !== undefined) reply.raw.setHeader(name, value);
    reply.hijack();
    reply.raw.once('close', () => {
      void transport.close();
      void mcp.close();
    });
    await mcp.connect(transport as Parameters<typeof mcp.connect>[0]);
    // Without a body of ours it would wait for one that has been read already.
    await transport.handleRequest(request.raw, reply.raw, body ?? null);
    return reply;
  });
  server.route({
    method: ['GET', 'DELETE'],
    url: '/mcp',
    config,
    handler: async () => {
      throw new HttpError(405, 'method_not_allowed', 'There are no sessions here: POST each message.');
    },
  });
};
