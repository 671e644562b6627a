import type { ServerConfiguration } from '../config/server-configuration.js';
import type { Charges } from '../costs/charges.js';
import type { RequestCounts } from '../http/access/request-counts.js';
import type { JobQueue } from '../jobs/job-queue.js';
import type { WorkOptions } from '../jobs/job-work.js';
import type { FixedChoices } from '../kernel/routing/fixed-request.js';
import type { AvailableModel } from '../models/available-models.js';
import type { ResultStore } from '../results/result-store.js';
import type { JobEnds } from './share-gallery.js';
import type { SharedDocuments } from './shared-documents.js';

/** What a server of several does: it answers callers, does the jobs, or both. */
export type ServerRole = ServerConfiguration['role'];

/** What the servers of several machines share, in place of the database and the folders of one. */
export interface SharedParts {
  readonly jobs: JobQueue;
  readonly results: ResultStore;
  readonly charges: Charges;
  readonly requestCounts: RequestCounts;
  readonly documents: SharedDocuments;
  readonly ends: JobEnds;
  /** Lets go of the connections; the jobs are closed before. */
  close(): Promise<void>;
}

/** The model that a request was given. */
export type ChosenModel = Pick<FixedChoices['model'], 'id' | 'pipelineType' | 'source'>;
/** A model of the catalogue of this server. */
export type OfferedModel = Pick<
  AvailableModel,
  'id' | 'aliases' | 'pipelineType' | 'isHosted' | 'available' | 'current'
>;

/** What a server gives to those parts. */
export interface SharedHost extends Pick<WorkOptions, 'manager' | 'mark' | 'logger'> {
  /** Whether jobs are done here, or only accepted. */
  readonly isWorker: boolean;
  /**
   * Tells the storage folder of this server from others: what plugins have written down of paid work is in
   * it.
   */
  readonly storageId: string;
  /** Milliseconds that jobs have to finish when the server is told to end. */
  readonly drainMs: number;
  /** Jobs at work here at once. */
  readonly atOnce: () => number;
  /** Jobs that a caller may have waiting. */
  readonly perCaller: () => number;
  /** All models, whether images can be made with them here or not. */
  readonly models: () => readonly OfferedModel[];
  /** A secret by the name of its environment variable. Undefined: it is not set. */
  readonly secret: (name: string) => string | undefined;
}

/**
 * What the package that the setting `scale` names exports as `openSharedParts`. Rejects with
 * ERR_CONFIG_INVALID for settings that it does not understand.
 */
export type OpenSharedParts = (settings: unknown, host: SharedHost) => Promise<SharedParts>;
