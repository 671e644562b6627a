import type { FastifyInstance } from 'fastify';
import { isInstalled } from '../../optional-package.js';
import { declareAccess } from '../access/route-scope.js';
import { answerNotInstalled } from '../not-installed.js';
import type { Operation } from '../operation.js';
import { openApiDocument } from './openapi.js';

const pagePackages = ['@fastify/swagger', '@fastify/swagger-ui'] as const;

/**
 * `GET /openapi.json`, and `/docs` for people where the packages of that page are installed; else it says
 * which ones these are.
 */
export const documentationRoutes =
  (prefix: string, operations: readonly Operation[]) => async (server: FastifyInstance) => {
    const document = openApiDocument(prefix, operations);
    declareAccess(server, { scope: 'public' });
    // It is large, and always the same.
    const text = JSON.stringify(document);
    server.get('/openapi.json', async (_request, reply) => await reply.type('application/json').send(text));
    if (!pagePackages.every(isInstalled))
      return answerNotInstalled(server, '/docs', 'The page that shows /openapi.json', pagePackages);
    const { documentationPage } = await import('./page.js');
    await documentationPage(server, prefix, document);
  };
