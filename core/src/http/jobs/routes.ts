import type { FastifyInstance, FastifyRequest } from 'fastify';
import { hasEnded, type StoredJob } from '../../jobs/job.js';
import { priorityOf } from '../access/priority.js';
import { HttpError } from '../errors.js';
import { endlessStreams } from '../event-stream.js';
import { readImagesRequest } from '../images/generate.js';
import { keyOf, submitJob } from '../make-result.js';
import { addOperation, type Operation } from '../operation.js';
import { parseBody } from '../parse-body.js';
import type { ServerContext } from '../server-context.js';
import { textFor } from '../server-paths.js';
import { placeholderOf } from '../splice-base64.js';
import { eventIdOf, hasHad, readEventId } from './event-id.js';
import { cancelJob, describeFor, findJob, isVisible, setJobPriority } from './find-job.js';
import { drawGrid } from './grid-image.js';
import { jobChangeSchema, jobListSchema, jobRequestSchema } from './request.js';
import { addWatching } from './watch.js';
import { assertWebhookAllowed } from './webhook.js';

type ById = { Params: { id: string } };

const operations = {
  submit: {
    tag: 'Jobs',
    method: 'POST',
    path: '/api/images/jobs',
    scope: 'generate',
    summary: 'Accepts a job: it outlives its caller and the server.',
    isCreating: true,
    body: jobRequestSchema,
    example: { prompt: 'a red house under a yellow star' },
    status: 202,
    answer: 'job',
  },
  list: {
    tag: 'Jobs',
    method: 'GET',
    path: '/api/images/jobs',
    scope: 'generate',
    summary: 'Lists the newest jobs.',
    query: jobListSchema,
    answer: 'jobs',
  },
  get: {
    tag: 'Jobs',
    method: 'GET',
    path: '/api/images/jobs/:id',
    scope: 'generate',
    summary: 'Tells the state of a job.',
    answer: 'job',
  },
  change: {
    tag: 'Jobs',
    method: 'PATCH',
    path: '/api/images/jobs/:id',
    scope: 'generate',
    summary: 'Gives a job that waits another priority, and so another place in the queue.',
    body: jobChangeSchema,
    example: { priority: -1 },
    answer: 'job',
  },
  grid: {
    tag: 'Jobs',
    method: 'GET',
    path: '/api/images/jobs/:id/grid',
    scope: 'generate',
    summary: 'The pictures of a grid as one PNG, with the values above and beside them.',
  },
  cancel: {
    tag: 'Jobs',
    method: 'DELETE',
    path: '/api/images/jobs/:id',
    scope: 'generate',
    summary: 'Cancels a job that has not ended.',
    answer: 'job',
  },
  events: {
    tag: 'Jobs',
    method: 'GET',
    path: '/api/images/jobs/:id/events',
    scope: 'generate',
    summary: 'State, progress and previews of a job as server-sent events, until it has ended.',
  },
} as const satisfies Record<string, Operation>;

/** `/api/images/jobs`: calls that are accepted at once and outlive their caller and the server. */
export const jobRoutes = (context: ServerContext) => async (server: FastifyInstance) => {
  const { jobs } = context;
  const openStream = endlessStreams(server);
  const describe = (request: FastifyRequest, job: StoredJob) => describeFor(context, request, job);
  const findById = (request: FastifyRequest, id: string) => findJob(context, request, id);
  const find = (request: FastifyRequest<ById>) => findById(request, request.params.id);
  addWatching(server, context, { describe, find: findById, isVisible });

  addOperation(server, operations.submit, async (request, reply) => {
    const { priority, webhook, start_within_ms, previews, grid, ...wanted } = parseBody(
      jobRequestSchema,
      request.body,
    );
    if (webhook) await assertWebhookAllowed(webhook, context.configuration, reply);
    const asked = await readImagesRequest(context, wanted, reply);
    const { job } = await submitJob(context, {
      caller: request.apiKey?.id ?? '',
      request: { ...asked, ...(previews ? { previews } : {}) },
      grid: grid ?? undefined,
      priority: priorityOf(request, priority),
      idempotencyKey: keyOf(request),
      startWithinMs: start_within_ms ?? undefined,
      webhook: webhook ?? undefined,
    });
    reply.status(202).header('location', `${context.prefix}/api/images/jobs/${job.id}`);
    return describe(request, job);
  });

  addOperation(server, operations.list, async (request) => {
    const { limit, before } = parseBody(jobListSchema, request.query);
    const { apiKey } = request;
    const caller = !apiKey || apiKey.scopes.includes('admin') ? undefined : apiKey.id;
    const listed = await jobs.list(caller, limit, before);
    return { jobs: listed.map((job) => describe(request, job)) };
  });

  addOperation<ById>(server, operations.get, async (request) => describe(request, await find(request)));

  addOperation<ById>(server, operations.change, async (request) => {
    const priority = priorityOf(request, parseBody(jobChangeSchema, request.body).priority);
    return describe(request, await setJobPriority(context, request, request.params.id, priority));
  });

  addOperation<ById>(server, operations.grid, async (request, reply) => {
    const { wanted, result } = await find(request);
    const grid = wanted?.grid;
    if (!grid) throw new HttpError(404, 'no_grid', 'This job was not asked for a grid.');
    const images: Uint8Array[] = [];
    for (const { name } of result?.images ?? []) {
      const bytes = await context.results.read(name);
      if (!bytes) throw new HttpError(410, 'result_gone', 'A picture of the grid is kept no longer.');
      images.push(bytes);
    }
    return await reply.type('image/png').send(Buffer.from(await drawGrid(grid, images)));
  });

  addOperation<ById>(server, operations.cancel, async (request) =>
    describe(request, await cancelJob(context, request, request.params.id)),
  );

  addOperation<ById>(server, operations.events, async (request, reply) => {
    const found = await find(request);
    const { id } = found;
    const had = readEventId(request.headers['last-event-id']);
    // It has had the end: by this answer, an EventSource connects no more.
    if (hasEnded(found) && hasHad(had, found)) return await reply.status(204).send();
    const events = openStream(reply);
    let isOver = false;
    let isFirst = true;
    const tell = (changed: StoredJob) => {
      if (isOver) return;
      if (!isFirst || !hasHad(had, changed))
        events.send('state', describe(request, changed), [], eventIdOf(changed));
      isFirst = false;
      isOver = hasEnded(changed);
      if (isOver) events.end();
    };
    const off = jobs.events.listen(id, (event) => {
      if (event.type === 'state') return tell(event.job);
      // It goes on when the storage is well again.
      if (event.type === 'stuck') return events.comment(textFor(event.error.message, request));
      const { preview, ...progress } = event.progress;
      events.send('progress', progress, [], eventIdOf({ state: 'running', fraction: progress.fraction }));
      if (preview)
        events.send('preview', { ...preview, bytes: undefined, b64_json: placeholderOf(0) }, [preview.bytes]);
    });
    reply.raw.once('close', off);
    // Read again, as it may have changed before it was listened to.
    await jobs.get(id).then(
      (job) => job && tell(job),
      (error: Error) => events.comment(textFor(error.message, request)),
    );
    return reply;
  });
};
