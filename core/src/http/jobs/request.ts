import { z } from 'zod';
import { planRequestSchema } from '../plan/generate.js';

export const jobRequestSchema = planRequestSchema.omit({ cache: true }).extend({
  webhook: z
    .url({ protocol: /^https?$/ })
    .nullish()
    .describe('Told when it has ended. Absent: nobody is.'),
  previews: z.int().min(0).max(10).nullish().describe('Looks at each unfinished picture, among the events.'),
});
