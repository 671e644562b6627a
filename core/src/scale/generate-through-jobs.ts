import { EaselError, type Image } from '@easel/plugin-sdk';
import type { StoredJob } from '../jobs/job.js';
import type { JobQueue } from '../jobs/job-queue.js';
import { retrySeconds } from '../jobs/pace.js';
import type { ImageServiceManager } from '../kernel/image-service-manager.js';
import type { ImageResult } from '../results/image-result.js';
import type { ResultStore } from '../results/result-store.js';

/**
 * The call of a server that shares its work: it is made as a job, by whichever worker has a place. It is
 * cancelled with its caller.
 *
 * @param perCaller jobs that a caller may have waiting
 */
export function generateThroughJobs(
  jobs: JobQueue,
  results: ResultStore,
  perCaller: () => number,
): ImageServiceManager['generateImage'] {
  return async (request, { signal = never, onProgress, caller = '', priority = 0 } = {}) => {
    const accepted = await jobs.submit({ request, caller, priority });
    if (!accepted)
      throw new EaselError({
        code: 'ERR_QUEUE_FULL',
        message: 'Too many jobs of yours wait.',
        retryAfterMs: retrySeconds(await jobs.pace(), perCaller()) * 1_000,
      });
    const { id } = accepted.job;
    const off = jobs.events.listen(id, (event) => {
      if (event.type === 'progress') onProgress?.(event.progress);
    });
    try {
      return await readResult(results, await jobs.events.ended(id, signal));
    } catch (error) {
      // Nobody waits for it any longer.
      if (signal.aborted) void jobs.cancel(id).catch(() => {});
      throw error;
    } finally {
      off();
    }
  };
}

const never = new AbortController().signal;

/** What a job has made. Rejects with the job's error, and with ERR_ABORTED where it was cancelled. */
export async function readResult(results: ResultStore, job: StoredJob | undefined): Promise<ImageResult> {
  if (job?.error) throw new EaselError(job.error);
  if (!job?.result)
    throw new EaselError({ code: 'ERR_ABORTED', message: `The job is ${job?.state ?? 'kept no longer'}.` });
  const images: Image[] = [];
  for (const { name, mediaType, width, height, seed } of job.result.images) {
    const bytes = await results.read(name);
    if (!bytes)
      throw new EaselError({ code: 'ERR_STORAGE', message: 'The image was made, and is kept no longer.' });
    const image = { bytes: new Uint8Array(bytes), mediaType, width, height };
    images.push(seed === undefined ? image : { ...image, seed });
  }
  return { ...job.result, images };
}
