import type { FastifyInstance } from 'fastify';
import type { Doors } from './doors.js';
import { measureProcess } from './event-loop-delay.js';

/** `GET /healthz`: the process answers. `GET /readyz`: a model's pictures can be made. `GET /metrics`: for Prometheus. */
export const probeRoutes =
  ({ manager }: Doors) =>
  async (server: FastifyInstance) => {
    server.get('/healthz', async () => ({ status: 'ok' }));

    server.get('/readyz', async (_request, reply) => {
      const isReady = manager.getServiceHealth().plugins.some(({ available }) => available);
      return await reply
        .status(isReady ? 200 : 503)
        .send({ status: isReady ? 'ok' : 'no plugin is available' });
    });

    const describeProcess = measureProcess(server);
    server.get('/metrics', async (_request, reply) => {
      const { contentType, text } = await manager.getMetrics();
      return await reply.type(contentType).send(`${text}\n${describeProcess()}`);
    });
  };
