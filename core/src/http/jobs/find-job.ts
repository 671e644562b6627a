import type { FastifyRequest } from 'fastify';
import type { StoredJob } from '../../jobs/job.js';
import { HttpError } from '../errors.js';
import { resultUrl, type ServerContext } from '../server-context.js';
import { textFor } from '../server-paths.js';
import { describeJob } from './describe-job.js';

/** Whether a caller may know of a job: it is its own, or it may administer. */
export const isVisible = ({ apiKey }: FastifyRequest, { caller }: Pick<StoredJob, 'caller'>): boolean =>
  !apiKey || apiKey.scopes.includes('admin') || caller === apiKey.id;

/**
 * A job of the caller's. Throws status 404 for any other: somebody else's is not there, as far as its guesser
 * is told.
 */
export async function findJob(
  { jobs }: Pick<ServerContext, 'jobs'>,
  request: FastifyRequest,
  id: string,
): Promise<StoredJob> {
  const job = await jobs.get(id);
  if (job && isVisible(request, job)) return job;
  throw new HttpError(404, 'job_not_found', `There is no job "${id.slice(0, 100)}".`);
}

/** Cancels a job of the caller's. Throws status 404 where there is none, and 409 for one that has ended. */
export async function cancelJob(
  context: Pick<ServerContext, 'jobs'>,
  request: FastifyRequest,
  id: string,
): Promise<StoredJob> {
  const job = await findJob(context, request, id);
  const cancelled = await context.jobs.cancel(job.id);
  if (cancelled) return cancelled;
  const { state } = await findJob(context, request, id);
  throw new HttpError(409, 'job_has_ended', `The job ${job.id} is ${state}, and cannot be cancelled.`);
}

/**
 * Gives a job of the caller's that waits another priority. Throws status 404 where there is none, and 409 for
 * one that waits no longer.
 */
export async function setJobPriority(
  context: Pick<ServerContext, 'jobs'>,
  request: FastifyRequest,
  id: string,
  priority: number,
): Promise<StoredJob> {
  const job = await findJob(context, request, id);
  const changed = await context.jobs.setPriority(job.id, priority);
  if (changed) return changed;
  const { state } = await findJob(context, request, id);
  throw new HttpError(409, 'job_has_begun', `The job ${job.id} is ${state}: its place in the queue is gone.`);
}

/** A job as the caller of a request sees it, with how far it is. */
export const describeFor = (context: ServerContext, request: FastifyRequest, job: StoredJob) =>
  describeJob(
    job,
    {
      urlOf: (name) => resultUrl(context, request, name),
      thumbnailOf: (name) => resultUrl(context, request, name, 'thumbnail'),
      textOf: (text) => textFor(text, request),
    },
    {
      progress: context.jobs.progressOf(job.id),
      previews: job.endedAt === undefined ? context.jobs.previewsOf(job.id) : [],
    },
  );
