import { z } from 'zod';
import { gridSchema } from '../../jobs/grid.js';
import { longestStartMs } from '../../jobs/late.js';
import { prioritySchema } from '../../kernel/priority.js';
import { imagesRequestSchema } from '../images/generate.js';

export const jobRequestSchema = imagesRequestSchema.omit({ cache: true }).extend({
  webhook: z
    .url({ protocol: /^https?$/ })
    .nullish()
    .describe('Told when it has ended. Absent: nobody is.'),
  start_within_ms: z
    .int()
    .min(1)
    .max(longestStartMs)
    .nullish()
    .describe('Milliseconds within which it is begun, or else not at all. Absent: it waits for its turn.'),
  previews: z.int().min(0).max(10).nullish().describe('Looks at each unfinished picture, among the events.'),
  grid: gridSchema
    .nullish()
    .describe('One picture for each value of a parameter, or each pair of two, instead of n. Absent: none.'),
});

export const jobChangeSchema = z.strictObject({
  priority: prioritySchema.describe(
    'A higher one goes first, -100 to 100; above 0 asks for a key with the scope "priority".',
  ),
});

export const jobListSchema = z.object({
  limit: z.coerce
    .number()
    .int()
    .min(1)
    .max(1_000)
    .default(100)
    .describe('How many, 1 to 1,000. Absent: 100.'),
  before: z
    .string()
    .max(100)
    .optional()
    .describe('Id of a job: those that were accepted before it, for the next page. Absent: the newest.'),
});
