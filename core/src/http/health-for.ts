import type { FastifyRequest } from 'fastify';
import type { ServiceHealth } from '../observe/health.js';
import { textFor } from './server-paths.js';

/** The state of all plugins as whoever asks may read it. */
export function healthFor(health: ServiceHealth, request: FastifyRequest): ServiceHealth {
  const toRead = <Problem extends { readonly message: string }>(problem: Problem): Problem => ({
    ...problem,
    message: textFor(problem.message, request),
  });
  return {
    ...health,
    plugins: health.plugins.map((plugin) => ({
      ...plugin,
      models: plugin.models.map((model) => ({ ...model, key: textFor(model.key, request) })),
      ...(plugin.lastError ? { lastError: toRead(plugin.lastError) } : {}),
    })),
    problems: health.problems.map(toRead),
  };
}
