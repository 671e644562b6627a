import type { FastifyInstance, FastifyRequest } from 'fastify';
import { z } from 'zod';
import { addOperation, type Operation } from '../operation.js';
import { parseBody } from '../parse-body.js';
import { timestamp } from './info.js';
import { flag } from './loose-values.js';
import { secondsLeft, type Task, type Tasks } from './tasks.js';

const automatic = { tag: 'Automatic1111', failure: 'automaticFailed' } as const;
const progressSchema = z.object({ skip_current_image: flag });
const taskSchema = z.looseObject({
  id_task: z.string().max(200).nullish(),
  id_live_preview: z.number().nullish(),
  live_preview: flag,
});

const operations = {
  progress: {
    ...automatic,
    method: 'GET',
    path: '/sdapi/v1/progress',
    scope: 'read',
    query: progressSchema,
    summary: 'Tells how far the oldest of the calls is that are being made.',
    answer: 'automaticProgress',
  },
  task: {
    ...automatic,
    method: 'POST',
    path: '/internal/progress',
    scope: 'read',
    body: taskSchema,
    summary: 'Tells how far a call is, by its `force_task_id`.',
    answer: 'automaticTask',
  },
  pending: {
    ...automatic,
    method: 'GET',
    path: '/internal/pending-tasks',
    scope: 'read',
    summary: 'Lists the calls that are being made.',
    answer: 'automaticList',
  },
  ping: {
    ...automatic,
    method: 'GET',
    path: '/internal/ping',
    scope: 'public',
    summary: 'Tells that the server is there.',
    answer: 'automaticNothing',
  },
  interrupt: {
    ...automatic,
    method: 'POST',
    path: '/sdapi/v1/interrupt',
    scope: 'generate',
    summary: "Ends the caller's calls that are being made; they are answered with what there is.",
    answer: 'automaticNothing',
  },
  skip: {
    ...automatic,
    method: 'POST',
    path: '/sdapi/v1/skip',
    scope: 'generate',
    summary: "Ends the oldest of the caller's calls that are being made; it is answered with what there is.",
    answer: 'automaticNothing',
  },
} as const satisfies Record<string, Operation>;

const callerOf = ({ apiKey }: FastifyRequest): string => apiKey?.id ?? '';

/** How far calls are, and stopping them. Callers see their own. */
export const automaticProgressRoutes = (tasks: Tasks) => async (server: FastifyInstance) => {
  addOperation(server, operations.progress, async (request) => {
    const { skip_current_image: isSkipped } = parseBody(progressSchema, request.query);
    const [task, ...others] = tasks.of(callerOf(request));
    const { progress, preview } = task ?? {};
    return {
      progress: progress?.fraction ?? 0,
      eta_relative: task ? secondsLeft(task) : 0,
      state: {
        skipped: false,
        interrupted: false,
        stopping_generation: false,
        job: progress?.stage ?? '',
        job_count: task ? 1 + others.length : 0,
        job_timestamp: timestamp(task?.startedAt ?? new Date(0)),
        job_no: 0,
        sampling_step: progress?.step ?? 0,
        sampling_steps: progress?.steps ?? 0,
      },
      current_image: preview && !isSkipped ? base64Of(preview.bytes) : null,
      textinfo: progress?.message ?? null,
      current_task: task?.id ?? null,
    };
  });

  addOperation(server, operations.task, async (request) => {
    const { id_task, live_preview: isWanted } = parseBody(taskSchema, request.body);
    const task = tasks.of(callerOf(request)).find(({ id }) => id === id_task);
    const { progress, preview } = task ?? {};
    const isQueued = task !== undefined && (progress?.stage ?? 'queue') === 'queue';
    const isShown = preview && (isWanted ?? true);
    return {
      active: task !== undefined && !isQueued,
      queued: isQueued,
      // A call that has ended is forgotten, as one that never was.
      completed: task === undefined,
      progress: progress?.fraction ?? null,
      eta: task ? secondsLeft(task) : null,
      live_preview: isShown ? `data:${preview.mediaType};base64,${base64Of(preview.bytes)}` : null,
      id_live_preview: isShown ? (progress?.step ?? 0) : -1,
      textinfo: progress?.message ?? (isQueued ? 'In queue...' : null),
    };
  });

  addOperation(server, operations.pending, async (request) => {
    const ids = tasks.of(callerOf(request)).map(({ id }: Task) => id);
    return { size: ids.length, tasks: ids };
  });
  addOperation(server, operations.ping, async () => ({}));

  addOperation(server, operations.interrupt, async (request) => {
    tasks.interrupt(callerOf(request), 'all');
    return {};
  });
  addOperation(server, operations.skip, async (request) => {
    tasks.interrupt(callerOf(request), 'oldest');
    return {};
  });
};

const base64Of = (bytes: Uint8Array): string =>
  Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('base64');
