import type { FastifyInstance } from 'fastify';
import { measureProcess } from './metrics/process-metrics.js';
import type { ServerMetrics } from './metrics/server-metrics.js';
import { addOperation, type Operation } from './operation.js';
import type { ServerContext } from './server-context.js';

const probe = { tag: 'Probes', method: 'GET' } as const;
const operations = {
  alive: {
    ...probe,
    path: '/healthz',
    scope: 'public',
    summary: 'The process answers.',
    answer: 'probe',
  },
  ready: {
    ...probe,
    path: '/readyz',
    scope: 'public',
    summary: "A model's pictures can be made and kept; status 503 with the reason where they cannot.",
    answer: 'probe',
    unavailable: 'probe',
  },
  metrics: { ...probe, path: '/metrics', scope: 'read', summary: 'Numbers for Prometheus.' },
} as const satisfies Record<string, Operation>;

/**
 * `GET /healthz`: the process answers. `GET /readyz`: a model's pictures can be made and kept.
 * `GET /metrics`: for Prometheus.
 */
export const probeRoutes =
  ({ manager, findStorageProblem }: ServerContext, metrics: ServerMetrics) =>
  async (server: FastifyInstance) => {
    addOperation(server, operations.alive, async () => ({ status: 'ok' }));

    addOperation(server, operations.ready, async (_request, reply) => {
      const isServed = manager.getServiceHealth().plugins.some(({ available }) => available);
      const problem = isServed ? await findStorageProblem() : 'no plugin is available';
      return await reply.status(problem === undefined ? 200 : 503).send({ status: problem ?? 'ok' });
    });

    const describeProcess = measureProcess(server);
    addOperation(server, operations.metrics, async (_request, reply) => {
      const { contentType, text } = await manager.getMetrics();
      return await reply.type(contentType).send(`${text}\n${describeProcess()}\n${await metrics.print()}`);
    });
  };
