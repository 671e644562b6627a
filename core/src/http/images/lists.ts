import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import { healthFor } from '../health-for.js';
import { addOperation, type Operation } from '../operation.js';
import { parseBody } from '../parse-body.js';
import type { ServerContext } from '../server-context.js';
import { imagesRequestSchema, readImagesRequest } from './generate.js';

export const currentModelSchema = z.strictObject({ model: z.string().min(1).max(200) });

const operations = {
  models: {
    tag: 'Pictures',
    method: 'GET',
    path: '/api/images/models',
    scope: 'read',
    summary: 'Lists the models.',
    answer: 'models',
  },
  switchModel: {
    tag: 'Pictures',
    method: 'POST',
    path: '/api/images/models/current',
    scope: 'admin',
    summary: 'Makes another model the current one.',
    body: currentModelSchema,
    answer: 'currentModel',
  },
  explain: {
    tag: 'Pictures',
    method: 'POST',
    path: '/api/images/explain',
    scope: 'read',
    summary: 'Tells which plugins a request would be sent to, in which order, and why; none is asked.',
    body: imagesRequestSchema,
    example: { prompt: 'a red house under a yellow star' },
    answer: 'explained',
  },
  plan: {
    tag: 'Pictures',
    method: 'POST',
    path: '/api/images/plan',
    scope: 'generate',
    summary:
      'Tells what a request would hold in memory. The plugin that would be asked says so; no image is made.',
    body: imagesRequestSchema,
    example: { prompt: 'a red house under a yellow star' },
    answer: 'planned',
  },
  health: {
    tag: 'Pictures',
    method: 'GET',
    path: '/api/health/images',
    scope: 'read',
    summary: 'Tells the state of every plugin.',
    answer: 'health',
  },
} as const satisfies Record<string, Operation>;

/**
 * `GET /api/images/models`, `POST /api/images/models/current`, `POST /api/images/explain`,
 * `POST /api/images/plan` and `GET /api/health/images`.
 */
export const listRoutes = (context: ServerContext) => async (server: FastifyInstance) => {
  const { manager } = context;
  addOperation(server, operations.models, async () => ({
    success: true,
    current_model: manager.currentModel ?? null,
    models: manager.getAvailableModels(),
  }));

  addOperation(server, operations.switchModel, async (request) => {
    const { id, name } = manager.switchModel(parseBody(currentModelSchema, request.body).model);
    return { success: true, current_model: id, name };
  });

  addOperation(server, operations.explain, async (request, reply) => {
    const body = parseBody(imagesRequestSchema, request.body);
    const asked = await readImagesRequest(context, body, reply);
    return { success: true, candidates: await manager.explain(asked) };
  });

  addOperation(server, operations.plan, async (request, reply) => {
    const asked = await readImagesRequest(context, parseBody(imagesRequestSchema, request.body), reply);
    return { success: true, ...(await manager.planMemory(asked, { fileAccess: 'models' })) };
  });

  addOperation(server, operations.health, async (request, reply) => {
    const health = healthFor(manager.getServiceHealth(), request);
    // Clients of this API read the body; a load balancer looks at /readyz.
    return await reply.send({ success: health.status === 'ok', ...health });
  });
};
