import type { Preview, Progress } from '@easel/plugin-sdk';
import type { StoredJob } from '../../jobs/job.js';
import { warningsInCallersWords } from '../field-names.js';
import { describeWanted } from '../images/describe-wanted.js';
import { imageFieldNames } from '../images/field-names.js';

const timeOf = (milliseconds: number | undefined) =>
  milliseconds === undefined ? null : new Date(milliseconds).toISOString();

/** How far a job is. */
export interface JobProgress {
  readonly progress: Omit<Progress, 'preview'> | undefined;
  readonly previews: readonly Preview[];
}

/** A job as its caller sees it. */
export function describeJob(
  { id, state, priority, createdAt, startBefore, startedAt, endedAt, wanted, result, error }: StoredJob,
  {
    urlOf,
    thumbnailOf,
    textOf,
  }: Readonly<Record<'urlOf' | 'thumbnailOf' | 'textOf', (name: string) => string>>,
  { progress, previews }: JobProgress = { progress: undefined, previews: [] },
) {
  return {
    id,
    state,
    priority,
    created_at: timeOf(createdAt),
    ...(startBefore === undefined ? {} : { start_before: timeOf(startBefore) }),
    started_at: timeOf(startedAt),
    ended_at: timeOf(endedAt),
    ...(wanted ? { request: describeWanted(wanted) } : {}),
    ...(progress ? { progress } : {}),
    ...(previews.length > 0 ? { previews: previews.map(({ index }) => index) } : {}),
    ...(result
      ? {
          result: {
            ...result,
            warnings: warningsInCallersWords(result.warnings, imageFieldNames),
            images: result.images.map((image) => ({
              ...image,
              url: urlOf(image.name),
              thumbnail_url: thumbnailOf(image.name),
            })),
          },
        }
      : {}),
    ...(error ? { error: { ...error, message: textOf(error.message), hint: textOf(error.hint) } } : {}),
  };
}
