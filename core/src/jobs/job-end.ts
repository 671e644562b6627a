import { EaselError } from '@easel/plugin-sdk';
import type { MarkImages } from '../results/content-credentials/mark-images.js';
import type { DigitalSource } from '../results/digital-source.js';
import type { ImageResult } from '../results/image-result.js';
import type { ResultStore } from '../results/result-store.js';
import type { JobError, JobImage, JobResult } from './job.js';

export interface StoreOptions {
  /** What is written into images before they are kept. */
  readonly mark: MarkImages;
  readonly results: ResultStore;
}

/**
 * Puts the images that a job has made, of words alone or of other images, into the store. Rejects with
 * ERR_STORAGE.
 */
export async function storeResult(
  result: ImageResult,
  { results, mark }: StoreOptions,
  source: DigitalSource,
): Promise<JobResult> {
  const { images, warnings, cost, timings, provenance } = await mark(result, source);
  const stored: JobImage[] = [];
  for (const image of images) {
    const { seed } = image;
    const put = await results.put(image, { seed, provenance });
    stored.push(seed === undefined ? put : { ...put, seed });
  }
  return { images: stored, warnings, timings, provenance, ...(cost ? { cost } : {}) };
}

/** An error as a job keeps it; a defect of ours tells nothing of its insides. */
export function describeFailure(error: unknown): JobError {
  if (!EaselError.isInstance(error))
    return { code: 'ERR_INTERNAL', message: 'Easel failed; its log says why.', hint: '' };
  const { code, message, field, hint, plugin, retryAfterMs, mayBePaid } = error;
  return {
    code,
    message,
    hint,
    ...(field === undefined ? {} : { field }),
    ...(plugin === undefined ? {} : { plugin }),
    ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
    ...(mayBePaid ? { mayBePaid } : {}),
  };
}

/** What a job ends with whose request cannot be read, and why. */
export const describeUnusable = ({ message }: Error): JobError => ({
  code: 'ERR_STORAGE',
  message: `The request of the job cannot be read: ${message}.`,
  hint: 'Submit the job again.',
});
