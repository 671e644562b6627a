import swagger, { type StaticDocumentSpec } from '@fastify/swagger';
import swaggerUi from '@fastify/swagger-ui';
import type { FastifyInstance } from 'fastify';

/** Nothing from another host, and no upgrade to TLS, which a server in a house does not have. */
const contentPolicy =
  "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:; object-src 'none'; base-uri 'none'; frame-ancestors 'none'";

/** `/docs`: Swagger UI, which needs nothing from anywhere else. */
export async function documentationPage(
  server: FastifyInstance,
  prefix: string,
  document: object,
): Promise<void> {
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
}
