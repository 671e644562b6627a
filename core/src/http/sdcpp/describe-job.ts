import { EaselError } from '@easel/plugin-sdk';
import type { FastifyRequest } from 'fastify';
import { hasEnded, type JobState, type StoredJob } from '../../jobs/job.js';
import { HttpError } from '../errors.js';
import { inCallersWords, warningsInCallersWords } from '../field-names.js';
import type { ServerContext } from '../server-context.js';
import { answerTo } from '../server-paths.js';
import { placeholderOf } from '../splice-base64.js';
import { sdcppFieldNames } from './field-names.js';

const statuses: Readonly<Record<JobState, string>> = {
  queued: 'queued',
  running: 'generating',
  succeeded: 'completed',
  failed: 'failed',
  cancelled: 'cancelled',
};
/** Jobs of a caller among which the place of one that waits is looked for. */
const mostWaiting = 200;

const seconds = (milliseconds: number | undefined): number | null =>
  milliseconds === undefined ? null : Math.floor(milliseconds / 1_000);

export const aboutJob = ({ id, state, createdAt }: StoredJob) => ({
  id,
  kind: 'img_gen',
  status: statuses[state],
  created: seconds(createdAt),
});

/** A job as stable-diffusion.cpp tells it, and the images that belong into its JSON. */
export async function describeJob(
  context: ServerContext,
  request: FastifyRequest,
  job: StoredJob,
): Promise<{ answer: object; pictures: Uint8Array[] }> {
  const { result, error, startedAt, endedAt } = job;
  const pictures: Uint8Array[] = [];
  for (const { name } of (hasEnded(job) && result?.images) || []) {
    const bytes = await context.results.read(name);
    if (!bytes) throw new HttpError(410, 'result_gone', 'The image was made, and is kept no longer.');
    pictures.push(bytes);
  }
  const { code, message, hint } = inCallersWords(
    answerTo(request, error ? new EaselError(error) : cancelled),
    sdcppFieldNames,
  );
  const isWrong = job.state === 'failed' || job.state === 'cancelled';
  const answer = {
    ...aboutJob(job),
    started: seconds(startedAt),
    completed: seconds(endedAt),
    queue_position: job.state === 'queued' ? await placeOf(context, job) : 0,
    result:
      hasEnded(job) && result
        ? {
            output_format: result.images[0]?.mediaType.replace('image/', '') ?? 'png',
            images: pictures.map((_, index) => ({ index, b64_json: placeholderOf(index) })),
            warnings: warningsInCallersWords(result.warnings, sdcppFieldNames),
          }
        : null,
    error: isWrong ? { code, message: hint ? `${message} ${hint}` : message } : null,
  };
  return { answer, pictures };
}

const cancelled = new HttpError(409, 'cancelled', 'job cancelled by client');

/** Its place among those of its caller that wait, from 1 on. */
async function placeOf({ jobs }: ServerContext, { id, caller }: StoredJob): Promise<number> {
  const listed = await jobs.list(caller, mostWaiting);
  const waiting = listed.filter(({ state }) => state === 'queued').reverse();
  return (
    1 +
    Math.max(
      0,
      waiting.findIndex((each) => each.id === id),
    )
  );
}
