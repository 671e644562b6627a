import type { Progress } from '@easel/plugin-sdk';
import type { StoredJob } from '../../jobs/job.js';

const timeOf = (milliseconds: number | undefined) =>
  milliseconds === undefined ? null : new Date(milliseconds).toISOString();

/** A job as its caller sees it. */
export function describeJob(
  { id, state, priority, createdAt, startedAt, endedAt, result, error }: StoredJob,
  { urlOf, textOf }: Readonly<Record<'urlOf' | 'textOf', (name: string) => string>>,
  progress?: Omit<Progress, 'preview'>,
) {
  return {
    id,
    state,
    priority,
    created_at: timeOf(createdAt),
    started_at: timeOf(startedAt),
    ended_at: timeOf(endedAt),
    ...(progress ? { progress } : {}),
    ...(result
      ? {
          result: { ...result, images: result.images.map((image) => ({ ...image, url: urlOf(image.name) })) },
        }
      : {}),
    ...(error ? { error: { ...error, message: textOf(error.message), hint: textOf(error.hint) } } : {}),
  };
}
