import { EaselError } from '@easel/plugin-sdk';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { z } from 'zod';
import type { JobState, StoredJob } from '../../jobs/job.js';
import { priorityOf } from '../access/priority.js';
import { HttpError } from '../errors.js';
import { inCallersWords } from '../field-names.js';
import { cancelJob, findJob } from '../jobs/find-job.js';
import { keyOf, submitJob } from '../make-result.js';
import { addOperation, type Operation } from '../operation.js';
import { parseBody } from '../parse-body.js';
import { resultUrl, type ServerContext } from '../server-context.js';
import { answerTo } from '../server-paths.js';
import { placeholderOf, sendJson } from '../splice-base64.js';
import { formatOf, looksOf, provenanceOf, sizeOf } from './answer.js';
import { openAiError } from './error.js';
import { openAiFieldNames } from './field-names.js';
import type { OpenAiCall } from './make.js';

/** States of jobs in the words that OpenAI has for what takes its time. */
const statuses: Readonly<Record<JobState, string>> = {
  queued: 'queued',
  running: 'in_progress',
  succeeded: 'completed',
  failed: 'failed',
  cancelled: 'cancelled',
};

const querySchema = z.object({
  response_format: z
    .enum(['url', 'b64_json'])
    .default('url')
    .describe('How the images are answered. Absent: url.'),
});

type ById = { Params: { id: string } };
const byId = { tag: 'OpenAI', failure: 'openAiFailed', scope: 'generate', answer: 'openAiJob' } as const;

/** Accepts a call as a job and answers 202: proxies cut calls that take longer than a minute or two. */
export async function begin(
  context: ServerContext,
  { asked, delivery, warnings }: OpenAiCall,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<object> {
  const { job } = await submitJob(context, {
    caller: request.apiKey?.id ?? '',
    request: asked,
    priority: priorityOf(request, delivery.priority),
    idempotencyKey: keyOf(request),
  });
  const { url = '' } = request.routeOptions;
  reply.status(202).header('location', `${context.prefix}${url}/${job.id}`).header('easel-job', job.id);
  return { ...statusOf(context, request, job), easel: { warnings } };
}

/** `GET` and `DELETE` of a call that was accepted as a job, below the route that it came by. */
export function addJobs(server: FastifyInstance, context: ServerContext, path: string): void {
  const get: Operation = {
    ...byId,
    method: 'GET',
    path: `${path}/:id`,
    query: querySchema,
    summary: 'A call that was accepted with "async": its state, and its images once they are made.',
  };
  const cancel: Operation = {
    ...byId,
    method: 'DELETE',
    path: `${path}/:id`,
    summary: 'Cancels a call that was accepted with "async".',
  };
  addOperation<ById>(server, get, async (request, reply) => {
    const { response_format } = parseBody(querySchema, request.query);
    const job = await findJob(context, request, request.params.id);
    const { data, pictures } = await imagesOf(context, request, job, response_format === 'url');
    return await sendJson(reply, { ...statusOf(context, request, job), ...data }, pictures);
  });
  addOperation<ById>(server, cancel, async (request) =>
    statusOf(context, request, await cancelJob(context, request, request.params.id)),
  );
}

function statusOf({ jobs }: ServerContext, request: FastifyRequest, job: StoredJob) {
  const { id, state, createdAt, error } = job;
  const fraction = state === 'succeeded' ? 1 : (jobs.progressOf(id)?.fraction ?? 0);
  return {
    id,
    object: 'image.job',
    status: statuses[state],
    /** Percent. */
    progress: Math.floor(100 * fraction),
    created_at: Math.floor(createdAt / 1_000),
    ...(error ? openAiError(inCallersWords(answerTo(request, new EaselError(error)), openAiFieldNames)) : {}),
  };
}

/** What OpenAI answers of images, once they are made. */
async function imagesOf(
  context: ServerContext,
  request: FastifyRequest,
  { result, endedAt = 0 }: StoredJob,
  isUrl: boolean,
): Promise<{ data: object; pictures: Uint8Array[] }> {
  if (!result) return { data: {}, pictures: [] };
  const pictures: Uint8Array[] = [];
  for (const { name } of isUrl ? [] : result.images) {
    const bytes = await context.results.read(name);
    if (!bytes) throw new HttpError(410, 'result_gone', 'The image was made, and is kept no longer.');
    pictures.push(bytes);
  }
  const [first] = result.images;
  const data = {
    created: Math.floor(endedAt / 1_000),
    ...(first ? { size: sizeOf(first), output_format: formatOf(first) } : {}),
    ...looksOf(result),
    data: result.images.map(({ name }, index) =>
      isUrl ? { url: resultUrl(context, request, name) } : { b64_json: placeholderOf(index) },
    ),
    easel: provenanceOf(result, []),
  };
  return { data, pictures };
}
