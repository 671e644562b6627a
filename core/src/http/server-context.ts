import type { FastifyRequest } from 'fastify';
import type { ServerConfiguration } from '../config/server-configuration.js';
import type { Charges } from '../costs/charges.js';
import type { Ledger } from '../costs/ledger.js';
import type { DatabaseThread } from '../jobs/database/database-thread.js';
import type { JobQueue } from '../jobs/job-queue.js';
import type { ImageServiceManager } from '../kernel/image-service-manager.js';
import type { KeyStore } from '../keys/key-store.js';
import type { HostLogger } from '../observe/plugin-logger.js';
import type { MarkImages } from '../results/content-credentials/mark-images.js';
import type { ResultCache } from '../results/result-cache.js';
import type { ResultStore } from '../results/result-store.js';
import type { SwitchPlugin } from '../scale/share-switches.js';
import type { RequestCounts } from './access/request-counts.js';
import { signPath } from './access/signed-url.js';
import type { ImageListing } from './gallery/image-listing.js';
import type { CallMetrics } from './metrics/call-metrics.js';

/** What every route is made of. */
export interface ServerContext {
  /** Without the call that may name any file: `generateImage` below takes its place. */
  readonly manager: Omit<ImageServiceManager, 'generateImage'>;
  /** The kernel's own, for whoever comes from outside: such a request names no paths of this machine. */
  readonly generateImage: ImageServiceManager['generateImage'];
  /** What is written into images before they are answered or kept. */
  readonly mark: MarkImages;
  readonly results: ResultStore;
  readonly cache: ResultCache;
  readonly callMetrics: CallMetrics;
  readonly keys: KeyStore;
  /** Switches a plugin on or off, here and wherever the work is shared. */
  readonly switchPlugin: SwitchPlugin;
  readonly jobs: JobQueue;
  readonly images: DatabaseThread['imageTable'];
  /** What has been made without a job, into the gallery. */
  readonly listing: ImageListing;
  readonly charges: Charges;
  readonly requestCounts: RequestCounts;
  readonly ledger: Ledger;
  /** Why what the server keeps cannot be written at this moment. Undefined: it can. */
  readonly findStorageProblem: () => Promise<string | undefined>;
  readonly configuration: ServerConfiguration;
  /** Path under which a host app has the server. Empty: it is the whole. */
  readonly prefix: string;
  readonly logger: HostLogger;
}

/**
 * A path of a stored picture, or of what the server makes of it, which opens for a day also without a key.
 */
export const resultPath = ({ keys }: Pick<ServerContext, 'keys'>, name: string, part?: 'thumbnail'): string =>
  signPath(`/api/images/results/${name}${part ? `/${part}` : ''}`, keys.signingSecret);

/** Where a picture is fetched from, as the caller of a request reaches it; for a day also without a key. */
export function resultUrl(
  context: Pick<ServerContext, 'configuration' | 'keys' | 'prefix'>,
  request: FastifyRequest,
  name: string,
  part?: 'thumbnail',
): string {
  const base = context.configuration.publicUrl ?? `${request.protocol}://${request.host}${context.prefix}`;
  return base.replace(/\/$/, '') + resultPath(context, name, part);
}
