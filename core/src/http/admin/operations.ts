import { z } from 'zod';
import type { Operation } from '../operation.js';

export const resetSchema = z.strictObject({ pipeline_type: z.string().max(100).nullish() });

export const secretSchema = z.strictObject({
  name: z
    .string()
    .regex(/^[A-Z][A-Z0-9_]{0,99}$/)
    .describe('Name of an environment variable.'),
  value: z.string().trim().min(1).max(10_000),
});

const admin = { tag: 'Administration', scope: 'admin' } as const;
const change = { ...admin, method: 'POST', answer: 'changedPlugin' } as const;

/** What only operators may see and do. */
export const adminOperations = {
  status: {
    ...admin,
    method: 'GET',
    path: '/api/admin/status',
    summary: 'Tells how the server is: its version, its plugins, its jobs and its storage.',
    answer: 'status',
  },
  plugins: {
    ...admin,
    method: 'GET',
    path: '/api/admin/plugins',
    summary: 'Lists the plugins with all that is known of them.',
    answer: 'health',
  },
  enable: { ...change, path: '/api/admin/plugins/:id/enable', summary: 'Gives a plugin calls again.' },
  disable: {
    ...change,
    path: '/api/admin/plugins/:id/disable',
    summary: 'Gives a plugin no more calls, and stops it when those that it has are finished.',
  },
  reload: {
    ...change,
    path: '/api/admin/plugins/:id/reload',
    summary: 'Starts a plugin anew from its folder, and swaps it in without losing a call.',
  },
  reset: {
    ...change,
    path: '/api/admin/plugins/:id/reset',
    summary: 'Closes the circuits of a plugin.',
    body: resetSchema,
    example: {},
  },
  logs: {
    ...admin,
    method: 'GET',
    path: '/api/admin/plugins/:id/logs',
    summary: 'What a plugin logs from now on, as server-sent events.',
  },
  setSecret: {
    ...admin,
    method: 'POST',
    path: '/api/admin/secrets',
    summary:
      'Keeps a secret that a plugin asks for in the secrets file, and hands it to the plugin. It is never told again.',
    body: secretSchema,
    example: { name: 'SOME_API_KEY', value: 'sk-...' },
    answer: 'keptSecret',
  },
  configuration: {
    ...admin,
    method: 'GET',
    path: '/api/admin/configuration',
    summary: 'The configuration as it stands, secrets hidden.',
    answer: 'configuration',
  },
} as const satisfies Record<string, Operation>;
