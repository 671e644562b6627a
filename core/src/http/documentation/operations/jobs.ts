import { jobListSchema, jobRequestSchema } from '../../jobs/request.js';
import type { Operation } from '../operation.js';

export const jobOperations: readonly Operation[] = [
  {
    tag: 'Jobs',
    method: 'post',
    path: '/api/images/jobs',
    summary: 'Accepts a job: it outlives its caller and the server.',
    isCreating: true,
    body: jobRequestSchema,
    example: { prompt: 'a red house under a yellow star' },
    status: 202,
    answer: 'job',
    failure: 'failed',
  },
  {
    tag: 'Jobs',
    method: 'get',
    path: '/api/images/jobs',
    summary: 'Lists the newest jobs.',
    query: jobListSchema,
    status: 200,
    answer: 'jobs',
    failure: 'failed',
  },
  {
    tag: 'Jobs',
    method: 'get',
    path: '/api/images/jobs/{id}',
    summary: 'Tells the state of a job.',
    status: 200,
    answer: 'job',
    failure: 'failed',
  },
  {
    tag: 'Jobs',
    method: 'delete',
    path: '/api/images/jobs/{id}',
    summary: 'Cancels a job that has not ended.',
    status: 200,
    answer: 'job',
    failure: 'failed',
  },
  {
    tag: 'Jobs',
    method: 'get',
    path: '/api/images/jobs/{id}/events',
    summary: 'State, progress and previews of a job as server-sent events, until it has ended.',
    status: 200,
    failure: 'failed',
  },
];
