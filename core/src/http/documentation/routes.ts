import swagger, { type StaticDocumentSpec } from '@fastify/swagger';
import swaggerUi from '@fastify/swagger-ui';
import type { FastifyInstance } from 'fastify';
import { declareAccess } from '../access/route-scope.js';
import type { Operation } from '../operation.js';
import { openApiDocument } from './openapi.js';

/** Nothing from another host, and no upgrade to TLS, which a server in a house does not have. */
const contentPolicy =
  "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:; object-src 'none'; base-uri 'none'; frame-ancestors 'none'";

/** `GET /openapi.json`, and `/docs` for people: Swagger UI, which needs nothing from anywhere else. */
export const documentationRoutes =
  (prefix: string, operations: readonly Operation[]) => async (server: FastifyInstance) => {
    const document = openApiDocument(prefix, operations);
    declareAccess(server, { scope: 'public' });
    // It is large, and always the same.
    const text = JSON.stringify(document);
    server.get('/openapi.json', async (_request, reply) => await reply.type('application/json').send(text));
    await server.register(swagger, { mode: 'static', specification: { document } as StaticDocumentSpec });
    await server.register(swaggerUi, {
      routePrefix: '/docs',
      indexPrefix: prefix,
      staticCSP: true,
      transformStaticCSP: () => contentPolicy,
      theme: { title: "Easel's API" },
      uiConfig: {
        layout: 'BaseLayout',
        displayRequestDuration: true,
        defaultModelsExpandDepth: -1,
        tryItOutEnabled: true,
      },
    });
  };
