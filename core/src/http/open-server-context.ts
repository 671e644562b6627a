import type { ImageRequest } from '@easel/plugin-sdk';
import { Ledger } from '../costs/ledger.js';
import { DatabaseThread } from '../jobs/database/database-thread.js';
import { assertSqlite } from '../jobs/database/sqlite.js';
import { SqliteJobQueue } from '../jobs/sqlite-job-queue.js';
import { Webhooks } from '../jobs/webhooks.js';
import type { ImageServiceManager } from '../kernel/image-service-manager.js';
import { type GivenKeys, KeyStore } from '../keys/key-store.js';
import type { HostLogger } from '../observe/plugin-logger.js';
import { openImageMarker } from '../results/content-credentials/mark-images.js';
import { FolderResultStore } from '../results/folder-result-store.js';
import { ResultCache } from '../results/result-cache.js';
import { generateThroughJobs } from '../scale/generate-through-jobs.js';
import { openSharedParts } from '../scale/open-shared-parts.js';
import { shareGallery } from '../scale/share-gallery.js';
import { shareKeys } from '../scale/share-keys.js';
import { shareSwitches, switchHere } from '../scale/share-switches.js';
import type { ServerRole } from '../scale/shared-parts.js';
import { keepPrivate } from '../storage/keep-private.js';
import { openStorage } from '../storage/open-storage.js';
import { StorageFolder } from '../storage/storage-folder.js';
import { OwnRequestCounts } from './access/request-counts.js';
import { ImageListing } from './gallery/image-listing.js';
import { describeJob } from './jobs/describe-job.js';
import { liveSettings } from './live-settings.js';
import type { CallMetrics } from './metrics/call-metrics.js';
import { resultPath, type ServerContext } from './server-context.js';
import { withoutServerPaths } from './server-paths.js';
import { watchStorage } from './storage-problem.js';
import { StorageSweep } from './storage-sweep.js';

/** Share of the time to close that jobs of several servers have to finish. */
const drainShare = 0.5;

export interface ServerSurroundings extends GivenKeys {
  /** Absent: as the configuration says. */
  readonly role?: ServerRole | undefined;
  /** Path under which a host app has the server. Empty: it is the whole. */
  readonly prefix: string;
  /**
   * Where it listens, for those who are told of an image and have not asked for it; empty where it does not.
   */
  readonly origin: () => string;
  readonly callMetrics: CallMetrics;
}

/**
 * Opens what the server keeps, under the configuration's storage folder, and begins to work off jobs and to
 * clear away what is too old. Rejects with ERR_STORAGE where nothing can be kept there, or the jobs cannot be
 * read and somebody has to see to it, and with ERR_CONFIG_INVALID where SQLite is not installed.
 */
export async function openServerContext(
  manager: ImageServiceManager,
  logger: HostLogger,
  { prefix, origin, role, callMetrics, ...givenKeys }: ServerSurroundings,
): Promise<ServerContext & { close(): Promise<void> }> {
  assertSqlite();
  const { storageFolder } = manager.configuration;
  const configuration = liveSettings(manager);
  const mark = await openImageMarker(manager.configuration.contentCredentials);
  openStorage(storageFolder);
  void keepPrivate(storageFolder).then((left) => {
    if (left.length > 0)
      logger.warn(
        `Others may read ${left.length} files of the storage folder, which are not ours: ${left[0]}`,
      );
  });
  const storage = new StorageFolder(storageFolder);
  const keys = new KeyStore(storageFolder, givenKeys);
  const database = new DatabaseThread(storage.database, (notice) => logger.warn(notice));
  const problem = await database.open();
  if (problem) logger.warn(problem.message);
  const generateHere = callMetrics.count((request, options) => {
    const account = ledger.accountOf(options?.caller);
    return manager.generateImage(request, { ...options, account, fileAccess: 'models' });
  });
  const host = {
    manager: {
      generateImage: generateHere,
      fixRequest: (request: ImageRequest) => manager.fixRequest(request),
    },
    mark,
    drainMs: configuration.closeSeconds * drainShare * 1_000,
    atOnce: () => configuration.jobsAtOnce,
    perCaller: () => configuration.jobsPerKey,
    models: () => manager.getAvailableModels(),
    logger,
  };
  const shared = await openSharedParts(manager.configuration, role ?? configuration.role, host).catch(
    async (error: unknown) => {
      await database.close();
      throw error;
    },
  );
  const charges = shared?.charges ?? database.chargeTable;
  const ledger = new Ledger({
    charges,
    perDay: () => configuration.budgetPerDay,
    perKey: (caller) => keys.withId(caller)?.dollarsPerDay ?? configuration.budgetPerKey,
    logger,
  });
  const stopSharingKeys = shared && (await shareKeys(shared.documents, keys, storage.path, logger));
  const switchPlugin = await (shared
    ? shareSwitches(shared.documents, manager, logger)
    : switchHere(manager));
  const results = shared?.results ?? new FolderResultStore(storage, 'results');
  const inputs = new FolderResultStore(storage, 'inputs');
  const cache = new ResultCache(storage, 'cache', results);
  const jobs = shared?.jobs ?? new SqliteJobQueue({ ...host, database, results, inputs });
  const generateImage = shared ? generateThroughJobs(jobs, results, host.perCaller) : generateHere;
  const webhooks = new Webhooks({
    database,
    holder: () => jobs.holder,
    secret: () => keys.webhookSecret,
    privateAddresses: () => configuration.privateAddresses,
    describe: (job) => {
      const base = (configuration.publicUrl ?? `${origin()}${prefix}`).replace(/\/$/, '');
      return describeJob(job, {
        urlOf: (name) => base + resultPath({ keys }, name),
        thumbnailOf: (name) => base + resultPath({ keys }, name, 'thumbnail'),
        textOf: (text) => withoutServerPaths(text, storageFolder),
      });
    },
    logger,
  });
  jobs.onEnd((job) => webhooks.tell(job));
  if (shared && (role ?? configuration.role) !== 'worker') shareGallery(shared.ends, database.imageTable);
  jobs.start();
  const listing = new ImageListing(database.imageTable, logger);

  const sweep = new StorageSweep({ database, charges, results, inputs, cache, configuration, logger });

  return {
    manager,
    generateImage,
    mark,
    results,
    cache,
    callMetrics,
    keys,
    switchPlugin,
    jobs,
    images: database.imageTable,
    listing,
    charges,
    requestCounts: shared?.requestCounts ?? new OwnRequestCounts(),
    ledger,
    configuration,
    prefix,
    logger,
    findStorageProblem: watchStorage(storage, () => jobs.probe()),
    async close() {
      await sweep.close();
      stopSharingKeys?.();
      webhooks.close();
      await jobs.close();
      await shared?.close();
      await listing.close();
      await database.close();
    },
  };
}
