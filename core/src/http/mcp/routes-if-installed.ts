import type { FastifyInstance } from 'fastify';
import { isInstalled } from '../../optional-package.js';
import { answerNotInstalled } from '../not-installed.js';
import type { ServerContext } from '../server-context.js';

const sdk = '@modelcontextprotocol/sdk';

/** The Model Context Protocol where its package is installed; else `/mcp` says which one that is. */
export const mcpRoutesIfInstalled = (context: ServerContext) => async (server: FastifyInstance) => {
  if (!isInstalled(`${sdk}/server/mcp.js`))
    return answerNotInstalled(server, '/mcp', 'The Model Context Protocol', [sdk]);
  const { mcpRoutes } = await import('./routes.js');
  await server.register(mcpRoutes(context));
};
