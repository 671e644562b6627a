import type { z } from 'zod';
import { jobRequestSchema } from '../jobs/request.js';
import { openAiRequestSchema } from '../openai/request.js';
import { planRequestSchema } from '../plan/generate.js';
import { currentModelSchema } from '../plan/lists.js';
import type { AnswerName } from './answers.js';

export interface Operation {
  readonly method: 'get' | 'post' | 'delete';
  /** With `{name}` for what varies. */
  readonly path: string;
  readonly summary: string;
  /** Absent: it has no body. */
  readonly body?: z.ZodType;
  /** The same as a form, with files. */
  readonly files?: readonly string[];
  readonly status: number;
  /** Absent: the answer is no JSON. */
  readonly answer?: AnswerName;
  readonly failure: AnswerName;
}

/** What the server does, in the order in which people read of it. */
export const operations: readonly Operation[] = [
  {
    method: 'post',
    path: '/api/images/generate',
    summary: 'Makes pictures, stores them, and says where they are.',
    body: planRequestSchema,
    status: 200,
    answer: 'generated',
    failure: 'failed',
  },
  {
    method: 'get',
    path: '/api/images/models',
    summary: 'Lists the models.',
    status: 200,
    answer: 'models',
    failure: 'failed',
  },
  {
    method: 'post',
    path: '/api/images/models/current',
    summary: 'Makes another model the current one.',
    body: currentModelSchema,
    status: 200,
    answer: 'currentModel',
    failure: 'failed',
  },
  {
    method: 'get',
    path: '/api/health/images',
    summary: 'Tells the state of every plugin.',
    status: 200,
    answer: 'health',
    failure: 'failed',
  },
  {
    method: 'post',
    path: '/api/images/jobs',
    summary:
      'Accepts a job: it outlives its caller and the server. An Idempotency-Key makes it one job, however often it is sent.',
    body: jobRequestSchema,
    status: 202,
    answer: 'job',
    failure: 'failed',
  },
  {
    method: 'get',
    path: '/api/images/jobs',
    summary: 'Lists the newest jobs.',
    status: 200,
    answer: 'jobs',
    failure: 'failed',
  },
  {
    method: 'get',
    path: '/api/images/jobs/{id}',
    summary: 'Tells the state of a job.',
    status: 200,
    answer: 'job',
    failure: 'failed',
  },
  {
    method: 'delete',
    path: '/api/images/jobs/{id}',
    summary: 'Cancels a job that has not ended.',
    status: 200,
    answer: 'job',
    failure: 'failed',
  },
  {
    method: 'get',
    path: '/api/images/jobs/{id}/events',
    summary: 'State, progress and previews of a job as server-sent events, until it has ended.',
    status: 200,
    failure: 'failed',
  },
  {
    method: 'get',
    path: '/api/images/results/{name}',
    summary: 'A stored picture.',
    status: 200,
    failure: 'failed',
  },
  {
    method: 'post',
    path: '/v1/images/generations',
    summary: 'Makes pictures, as OpenAI\'s clients ask for them; with "stream" as server-sent events.',
    body: openAiRequestSchema,
    status: 200,
    answer: 'openAiImages',
    failure: 'openAiFailed',
  },
  {
    method: 'post',
    path: '/v1/images/edits',
    summary: "Makes pictures from others, as OpenAI's clients ask for them.",
    body: openAiRequestSchema,
    files: ['image', 'mask'],
    status: 200,
    answer: 'openAiImages',
    failure: 'openAiFailed',
  },
  {
    method: 'get',
    path: '/v1/models',
    summary: "Lists the models, as OpenAI's clients ask for them.",
    status: 200,
    answer: 'openAiModels',
    failure: 'openAiFailed',
  },
];
