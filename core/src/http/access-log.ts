import type { HostLogger } from '../observe/plugin-logger.js';
import type { EndedRequest } from './watch-requests.js';

/** Characters of a path that are logged. */
const longestPath = 500;

/**
 * A line for each request: without what follows the path, which may hold a signature, and without prompts.
 */
export function logRequest(logger: HostLogger, { request, status, durationMs }: EndedRequest): void {
  const { method, url, id, apiKey, ip, routeOptions } = request;
  const path = url.split('?', 1)[0]?.slice(0, longestPath) ?? '';
  // Probes and scrapes come every few seconds.
  const level = routeOptions.config.operation?.tag === 'Probes' ? 'debug' : 'info';
  logger[level](`${method} ${path} ${status}`, {
    method,
    path,
    ...(routeOptions.url !== undefined && { route: routeOptions.url }),
    status,
    durationMs: Math.round(durationMs),
    requestId: id,
    ...(apiKey && { key: apiKey.id }),
    address: ip,
  });
}
