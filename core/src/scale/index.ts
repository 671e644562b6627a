/**
 * What a package is built of that lets several machines share their work: the interfaces that it implements,
 * and the parts that are the same wherever jobs are kept.
 *
 * @module
 */

export type { Charges } from '../costs/charges.js';
export type { MinuteCount, RequestCounts } from '../http/access/request-counts.js';
export {
  type ChargeGroup,
  type ChargeRow,
  type ChargeTotal,
  chargeGroups,
  type DayLimit,
  type Reserved,
} from '../jobs/database/charge-table.js';
export type { JobBacklog } from '../jobs/database/job-place.js';
export { jobErrorSchema, jobResultSchema } from '../jobs/database/rows.js';
export { fixNow } from '../jobs/fix-now.js';
export {
  type BegunJob,
  hasEnded,
  type JobEnd,
  type JobError,
  type JobResult,
  type JobState,
  jobStates,
  type NewJob,
  type StoredJob,
} from '../jobs/job.js';
export { describeFailure } from '../jobs/job-end.js';
export { type JobEvent, JobEvents } from '../jobs/job-events.js';
export type { AcceptedJob, JobQueue } from '../jobs/job-queue.js';
export type { AcceptedRecord, JobPlace, JobRecords, MadeCell, NewRecord } from '../jobs/job-records.js';
export { JobWork, type WorkOptions } from '../jobs/job-work.js';
export { isLate, lateError } from '../jobs/late.js';
export { durationOf, type LanePace, type Pace, paceOver } from '../jobs/pace.js';
export { freezeRequest, isSameRequest } from '../jobs/stored-request.js';
export { wantedSchema } from '../jobs/wanted.js';
export type { WorkRecords } from '../jobs/work-records.js';
export {
  type AskedPlugin,
  askedPluginSchema,
  type FixedChoices,
  fixedChoicesSchema,
} from '../kernel/routing/fixed-request.js';
export type { HostLogger } from '../observe/plugin-logger.js';
export {
  nameOf,
  namePattern,
  type ResultStore,
  type Retention,
  type StoredImage,
} from '../results/result-store.js';
export type { EndFollower, JobEnds } from './share-gallery.js';
export type { SharedDocuments } from './shared-documents.js';
export type { ChosenModel, OfferedModel, OpenSharedParts, SharedHost, SharedParts } from './shared-parts.js';
