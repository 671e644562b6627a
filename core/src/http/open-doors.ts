import { join } from 'node:path';
import { JobRunner } from '../jobs/job-runner.js';
import { JobStore } from '../jobs/job-store.js';
import { Webhooks } from '../jobs/webhooks.js';
import type { ImageServiceManager } from '../kernel/image-service-manager.js';
import { KeyStore } from '../keys/key-store.js';
import type { HostLogger } from '../observe/plugin-logger.js';
import { ResultCache } from '../results/result-cache.js';
import { ResultStore } from '../results/result-store.js';
import type { Doors } from './doors.js';
import { describeJob } from './jobs/describe-job.js';

const hourMs = 3_600_000;
const dayMs = 24 * hourMs;

/** Opens what the server keeps, under the configuration's storage folder, and begins to clear away what is too old. */
export function openDoors(
  manager: ImageServiceManager,
  logger: HostLogger,
  prefix: string,
): Doors & { close(): Promise<void> } {
  const { storageFolder, server: configuration } = manager.configuration;
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
  const { publicUrl = prefix } = configuration;
  const webhooks = new Webhooks({
    store: jobStore,
    secret: () => keys.signingSecret,
    privateAddresses: configuration.privateAddresses,
    describe: (job) => describeJob(job, (name) => `${publicUrl}/api/images/results/${name}`),
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
