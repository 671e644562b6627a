import type { FastifyRequest } from 'fastify';
import type { ServerConfiguration } from '../config/server-configuration.js';
import type { ImageServiceManager } from '../kernel/image-service-manager.js';
import type { ResultStore } from '../results/result-store.js';

/** What every route is made of. */
export interface Doors {
  readonly manager: ImageServiceManager;
  readonly results: ResultStore;
  readonly configuration: ServerConfiguration;
}

/** Where pictures are fetched from, as the caller of a request reaches it. */
export function resultUrl({ configuration }: Doors, request: FastifyRequest, name: string): string {
  const base = configuration.publicUrl ?? `${request.protocol}://${request.host}`;
  return `${base.replace(/\/$/, '')}/api/images/results/${name}`;
}
