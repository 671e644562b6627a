import { z } from 'zod';
import { milliseconds } from './settings.js';
import { webhookSettings } from './webhooks.js';

/** Settings that every plugin of {@link defineTaskPlugin} has, to be spread into its `config`. */
export const taskSettings = {
  requestMs: milliseconds(60_000, 900_000).describe(
    'Milliseconds within which the provider must have answered one request. Absent: 60,000.',
  ),
  firstPollMs: milliseconds(500, 60_000).describe(
    'Milliseconds until a task is asked about for the second time; the pauses grow from there. Absent: 500.',
  ),
  longestPollMs: milliseconds(5_000, 600_000).describe(
    'Milliseconds between two questions about a task, at most. Absent: 5,000.',
  ),
  silenceMs: milliseconds(300_000, 86_400_000).describe(
    'Milliseconds without an answer about a task after which its call fails; the task is kept. Absent: 300,000.',
  ),
  imageMs: milliseconds(60_000, 600_000).describe(
    'Milliseconds one try may take to fetch an image. Absent: 60,000.',
  ),
  parallelTasks: z
    .int()
    .min(1)
    .max(32)
    .default(4)
    .describe('Tasks of one call beside each other, where a task makes fewer images. Absent: 4.'),
  keepMs: milliseconds(7 * 86_400_000, 365 * 86_400_000).describe(
    'Milliseconds that a task whose call was lost is kept, with its images. Absent: a week.',
  ),
  allowPrivateAddresses: z
    .boolean()
    .default(false)
    .describe('Whether images may be fetched over http, from this machine and private networks. Absent: no.'),
} as const;

const schema = z.strictObject({ ...taskSettings, webhooks: webhookSettings.webhooks.optional() });
export type TaskSettings = z.output<typeof schema>;
