import { resetSchema } from '../../admin/routes.js';
import type { Operation } from '../operation.js';

const change = (verb: 'enable' | 'disable' | 'reload' | 'reset', summary: string): Operation => ({
  tag: 'Administration',
  method: 'post',
  path: `/api/admin/plugins/{id}/${verb}`,
  summary,
  ...(verb === 'reset' ? { body: resetSchema, example: {} } : {}),
  status: 200,
  answer: 'changedPlugin',
  failure: 'failed',
});

export const operatingOperations: readonly Operation[] = [
  {
    tag: 'Administration',
    method: 'get',
    path: '/api/admin/plugins',
    summary: 'Lists the plugins with all that is known of them.',
    status: 200,
    answer: 'health',
    failure: 'failed',
  },
  change('enable', 'Gives a plugin calls again.'),
  change('disable', 'Gives a plugin no more calls, and stops it when those that it has are finished.'),
  change('reload', 'Starts a plugin anew from its folder, and swaps it in without losing a call.'),
  change('reset', 'Closes the circuits of a plugin.'),
  {
    tag: 'Administration',
    method: 'get',
    path: '/api/admin/plugins/{id}/logs',
    summary: 'What a plugin logs from now on, as server-sent events.',
    status: 200,
    failure: 'failed',
  },
  {
    tag: 'Administration',
    method: 'get',
    path: '/api/admin/configuration',
    summary: 'The configuration as it stands, secrets hidden.',
    status: 200,
    answer: 'configuration',
    failure: 'failed',
  },
  {
    tag: 'Probes',
    method: 'get',
    path: '/healthz',
    summary: 'The process answers.',
    status: 200,
    answer: 'probe',
    failure: 'failed',
  },
  {
    tag: 'Probes',
    method: 'get',
    path: '/readyz',
    summary: "A model's pictures can be made; status 503 where none can.",
    status: 200,
    answer: 'probe',
    failure: 'probe',
  },
  {
    tag: 'Probes',
    method: 'get',
    path: '/metrics',
    summary: 'Numbers for Prometheus.',
    status: 200,
    failure: 'failed',
  },
];
