import { planRequestSchema } from '../../plan/generate.js';
import { currentModelSchema } from '../../plan/lists.js';
import type { Operation } from '../operation.js';

export const planOperations: readonly Operation[] = [
  {
    tag: 'Pictures',
    method: 'post',
    path: '/api/images/generate',
    summary: 'Makes pictures, stores them, and says where they are.',
    isCreating: true,
    body: planRequestSchema,
    example: { prompt: 'a red house under a yellow star' },
    status: 200,
    answer: 'generated',
    failure: 'failed',
  },
  {
    tag: 'Pictures',
    method: 'get',
    path: '/api/images/results/{name}',
    summary: 'A stored picture.',
    status: 200,
    failure: 'failed',
  },
  {
    tag: 'Pictures',
    method: 'get',
    path: '/api/images/models',
    summary: 'Lists the models.',
    status: 200,
    answer: 'models',
    failure: 'failed',
  },
  {
    tag: 'Pictures',
    method: 'post',
    path: '/api/images/models/current',
    summary: 'Makes another model the current one.',
    body: currentModelSchema,
    status: 200,
    answer: 'currentModel',
    failure: 'failed',
  },
  {
    tag: 'Pictures',
    method: 'get',
    path: '/api/health/images',
    summary: 'Tells the state of every plugin.',
    status: 200,
    answer: 'health',
    failure: 'failed',
  },
];
