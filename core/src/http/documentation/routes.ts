import swagger, { type StaticDocumentSpec } from '@fastify/swagger';
import swaggerUi from '@fastify/swagger-ui';
import type { FastifyInstance } from 'fastify';
import { openApiDocument } from './openapi.js';

/** Nothing from another host, and no upgrade to TLS, which a server in a house does not have. */
const contentPolicy =
  "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:; object-src 'none'; base-uri 'none'; frame-ancestors 'none'";

/** `GET /openapi.json`, and `/docs` for people: Swagger UI, which needs nothing from anywhere else. */
export async function documentationRoutes(server: FastifyInstance): Promise<void> {
  const document = openApiDocument();
  server.get('/openapi.json', async () => document);
  server.get('/', async (_request, reply) => await reply.redirect('/docs'));
  await server.register(swagger, { mode: 'static', specification: { document } as StaticDocumentSpec });
  await server.register(swaggerUi, {
    routePrefix: '/docs',
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
}
