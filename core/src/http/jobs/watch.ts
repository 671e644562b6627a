import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { StoredJob } from '../../jobs/job.js';
import { HttpError } from '../errors.js';
import { endlessStreams } from '../event-stream.js';
import { addOperation, type Operation } from '../operation.js';
import type { ServerContext } from '../server-context.js';

type ByIndex = { Params: { id: string; index: string } };

const operations = {
  events: {
    tag: 'Jobs',
    method: 'GET',
    path: '/api/images/events',
    scope: 'generate',
    summary: 'States, progress and previews of all jobs of the caller as server-sent events, without an end.',
  },
  preview: {
    tag: 'Jobs',
    method: 'GET',
    path: '/api/images/jobs/:id/previews/:index',
    scope: 'generate',
    summary: 'How an image of a job looks so far.',
  },
} as const satisfies Record<string, Operation>;

interface JobAccess {
  readonly describe: (request: FastifyRequest, job: StoredJob) => object;
  /** Throws status 404 for a job that is not there, or not the caller's. */
  readonly find: (request: FastifyRequest, id: string) => Promise<StoredJob>;
  readonly isVisible: (request: FastifyRequest, job: StoredJob) => boolean;
}

/** What a page watches jobs by: one stream for all of them, and previews under addresses of their own. */
export function addWatching(
  server: FastifyInstance,
  { jobs }: ServerContext,
  { describe, find, isVisible }: JobAccess,
): void {
  const openStream = endlessStreams(server);

  addOperation(server, operations.events, async (request, reply) => {
    const events = openStream(reply);
    /** Whether the caller may know of a job, for events that do not say whose it is. */
    const known = new Map<string, boolean>();
    const off = jobs.events.listenToAll(async (event) => {
      const { id } = event;
      if (event.type === 'state') {
        known.set(id, isVisible(request, event.job));
        if (known.get(id)) events.send('state', describe(request, event.job));
        if (event.job.endedAt !== undefined) known.delete(id);
        return;
      }
      if (!known.has(id)) known.set(id, await find(request, id).then(...settled));
      if (event.type !== 'progress' || !known.get(id)) return;
      const { preview, ...progress } = event.progress;
      events.send('progress', { id, ...progress });
      if (preview) events.send('preview', { id, index: preview.index, step: progress.step });
    });
    reply.raw.once('close', off);
    // Who connects reads the list of jobs after this, and so misses nothing in between.
    events.send('ready', {});
    return reply;
  });

  addOperation<ByIndex>(server, operations.preview, async (request, reply) => {
    const { id, index } = request.params;
    await find(request, id);
    const preview = jobs.previewsOf(id).find((one) => `${one.index}` === index);
    if (!preview) throw new HttpError(404, 'no_preview', 'There is no look at this image now.');
    return await reply
      .type(preview.mediaType)
      .header('cache-control', 'no-store')
      .send(Buffer.from(preview.bytes));
  });
}

const settled = [() => true, () => false] as const;
