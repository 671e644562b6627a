import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import type { Doors } from '../doors.js';
import { parseBody } from '../parse-body.js';

export const currentModelSchema = z.strictObject({ model: z.string().min(1).max(200) });

/** `GET /api/images/models`, `POST /api/images/models/current` and `GET /api/health/images`. */
export const listRoutes =
  ({ manager }: Doors) =>
  async (server: FastifyInstance) => {
    server.get('/api/images/models', async () => ({
      success: true,
      current_model: manager.currentModel ?? null,
      models: manager.getAvailableModels(),
    }));

    server.post('/api/images/models/current', async (request) => {
      const { id, name } = manager.switchModel(parseBody(currentModelSchema, request.body).model);
      return { success: true, current_model: id, name };
    });

    server.get('/api/health/images', async (_request, reply) => {
      const health = manager.getServiceHealth();
      // The plan's readers look at the body; a load balancer looks at /readyz.
      return await reply.send({ success: health.status === 'ok', ...health });
    });
  };
