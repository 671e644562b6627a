import { join } from 'node:path';
import { JobRunner } from '../jobs/job-runner.js';
import { JobStore } from '../jobs/job-store.js';
import { Webhooks } from '../jobs/webhooks.js';
import type { ImageServiceManager } from '../kernel/image-service-manager.js';
import { KeyStore } from '../keys/key-store.js';
import type { HostLogger } from '../observe/plugin-logger.js';
import { ResultCache } from '../results/result-cache.js';
import { ResultStore } from '../results/result-store.js';
import { keepPrivate, makePrivateFolder } from '../storage/keep-private.js';
import { signPath } from './access/signed-url.js';
import type { Doors } from './doors.js';
import { describeJob } from './jobs/describe-job.js';
import { withoutServerPaths } from './server-paths.js';

const hourMs = 3_600_000;
const dayMs = 24 * hourMs;

export interface Where {
  /** Path under which a host app has the server. Empty: it is the whole. */
  readonly prefix: string;
  /** Where it listens, for those who are told of an image and have not asked for it; empty where it does not. */
  readonly origin: () => string;
}

/** Opens what the server keeps, under the configuration's storage folder, and begins to clear away what is too old. */
export function openDoors(
  manager: ImageServiceManager,
  logger: HostLogger,
  { prefix, origin }: Where,
): Doors & { close(): Promise<void> } {
  const { storageFolder, server: configuration } = manager.configuration;
  makePrivateFolder(storageFolder);
  void keepPrivate(storageFolder).then((left) => {
    if (left.length > 0)
      logger.warn(
        `Others may read ${left.length} files of the storage folder, which are not ours: ${left[0]}`,
      );
  });
  const results = new ResultStore(join(storageFolder, 'results'));
  const cache = new ResultCache(join(storageFolder, 'cache'), results);
  const inputs = new ResultStore(join(storageFolder, 'inputs'));
  const keys = new KeyStore(storageFolder);
  const jobStore = new JobStore(join(storageFolder, 'jobs.db'));
  const generateImage: Doors['generateImage'] = (request, options) =>
    manager.generateImage(request, { ...options, fileAccess: 'library' });
  const jobs = new JobRunner({
    manager: { generateImage },
    store: jobStore,
    results,
    inputs,
    atOnce: configuration.jobsAtOnce,
    logger,
  });
  const webhooks = new Webhooks({
    store: jobStore,
    secret: () => keys.signingSecret,
    privateAddresses: configuration.privateAddresses,
    describe: (job) => {
      const base = (configuration.publicUrl ?? `${origin()}${prefix}`).replace(/\/$/, '');
      const urlOf = (name: string) => base + signPath(`/api/images/results/${name}`, keys.signingSecret);
      return describeJob(job, { urlOf, textOf: (text) => withoutServerPaths(text, storageFolder) });
    },
    logger,
  });
  jobs.onEnd((job) => webhooks.tell(job));

  const sweep = async () => {
    const { resultDays: days, resultsMb: megabytes } = configuration;
    jobStore.sweep(Date.now() - days * dayMs);
    await results.sweep({ days, megabytes }, Date.now());
    await cache.sweep(days, Date.now());
    await inputs.sweep({ days, megabytes }, Date.now());
  };
  void sweep().catch((error: unknown) => logger.warn(`Old pictures could not be cleared away: ${error}`));
  const sweeping = setInterval(() => void sweep().catch(() => {}), hourMs).unref();

  return {
    manager,
    generateImage,
    results,
    cache,
    keys,
    jobs,
    jobStore,
    configuration,
    prefix,
    logger,
    async close() {
      clearInterval(sweeping);
      webhooks.close();
      await jobs.close();
      jobStore.close();
    },
  };
}
