import type { Image, ImageRequest, Progress } from '@easel/plugin-sdk';
import { EaselError, linkSignals } from '@easel/plugin-sdk';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { NewJob, StoredJob } from '../jobs/job.js';
import type { AcceptedJob } from '../jobs/job-queue.js';
import { retrySeconds } from '../jobs/pace.js';
import type { ImageResult } from '../results/image-result.js';
import { priorityOf } from './access/priority.js';
import { abortOnDisconnect } from './disconnect.js';
import { HttpError } from './errors.js';
import { generateCached } from './generate-cached.js';
import type { DeliveryOptions } from './request-fields.js';
import type { ServerContext } from './server-context.js';

/**
 * The pictures of a call, with their provenance in them. A call with an `Idempotency-Key`, or whose work is
 * to be kept when its caller goes away, is made as a job: it is made once, however often it is asked for, and
 * what it has made stays.
 */
export async function makeResult(
  context: ServerContext,
  asked: ImageRequest,
  { onDisconnect, cache, priority: wished }: DeliveryOptions,
  {
    request,
    reply,
    onProgress,
    cancelled,
  }: {
    readonly request: FastifyRequest;
    readonly reply: FastifyReply;
    /** Told how far the call is, as far as this server works on it. Absent: nobody is. */
    readonly onProgress?: (progress: Progress) => void;
    /** Cancels the call, also where it is made as a job. Absent: only its caller's going away does. */
    readonly cancelled?: AbortSignal;
  },
): Promise<ImageResult> {
  const { signal, unlink } = linkSignals([abortOnDisconnect(reply), cancelled]);
  reply.raw.once('close', unlink);
  const caller = request.apiKey?.id;
  const priority = priorityOf(request, wished);
  const idempotencyKey = keyOf(request);
  const isKept = (onDisconnect ?? context.configuration.onDisconnect) === 'store';
  if (idempotencyKey === undefined && !isKept)
    return await generateCached(context, asked, { signal, caller, priority, onProgress }, { reply, cache });
  const { job } = await submitJob(context, {
    caller: caller ?? '',
    request: asked,
    priority,
    idempotencyKey,
  });
  reply.header('easel-job', job.id);
  const { events } = context.jobs;
  const off = events.listen(job.id, (event) => {
    if (event.type === 'progress') onProgress?.(event.progress);
  });
  const cancel = () => void context.jobs.cancel(job.id);
  cancelled?.addEventListener('abort', cancel, { once: true });
  const stop = () => {
    off();
    cancelled?.removeEventListener('abort', cancel);
  };
  return await resultOf(context, await events.ended(job.id, signal).finally(stop));
}

/**
 * Accepts a job. Throws status 422 where its key was used for something else, and 429 where too many of its
 * caller's wait.
 */
export async function submitJob({ jobs, configuration }: ServerContext, job: NewJob): Promise<AcceptedJob> {
  const accepted = await jobs.submit(job);
  if (!accepted)
    throw new HttpError(
      429,
      'too_many_jobs',
      `${configuration.jobsPerKey} jobs of yours wait, and more may not (server.jobsPerKey).`,
      { retryAfterS: await jobs.pace().then((pace) => retrySeconds(pace, configuration.jobsPerKey)) },
    );
  if (!accepted.isNew && !accepted.isSame)
    throw new HttpError(
      422,
      'idempotency_key_reused',
      'This Idempotency-Key was used for another request; take a new one.',
    );
  return accepted;
}

export function keyOf({ headers }: FastifyRequest): string | undefined {
  const key = headers['idempotency-key'];
  if (key === undefined) return undefined;
  if (typeof key === 'string' && key.length > 0 && key.length <= 255) return key;
  throw new HttpError(400, 'invalid_request', 'Idempotency-Key: must have 1 to 255 characters');
}

async function resultOf({ results }: ServerContext, job: StoredJob | undefined): Promise<ImageResult> {
  if (!job) throw new HttpError(410, 'job_gone', 'The job is kept no longer.');
  const { state, error, result } = job;
  if (error) throw new EaselError(error);
  if (!result) throw new EaselError({ code: 'ERR_ABORTED', message: `The job is ${state}.` });
  const images: Image[] = [];
  for (const { name, mediaType, width, height, seed } of result.images) {
    const bytes = await results.read(name);
    if (!bytes) throw new HttpError(410, 'result_gone', 'The picture was made, and is kept no longer.');
    const image = { bytes: new Uint8Array(bytes), mediaType, width, height };
    images.push(seed === undefined ? image : { ...image, seed });
  }
  return { ...result, images };
}
