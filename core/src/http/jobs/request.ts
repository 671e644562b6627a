import { z } from 'zod';
import { planRequestSchema } from '../plan/generate.js';

export const jobRequestSchema = planRequestSchema.omit({ cache: true }).extend({
  priority: z.int().min(-100).max(100).default(0).describe('Higher is begun first, -100 to 100. Absent: 0.'),
  webhook: z
    .url({ protocol: /^https?$/ })
    .nullish()
    .describe('Told when it has ended. Absent: nobody is.'),
  previews: z.int().min(0).max(10).nullish().describe('Looks at each unfinished picture, among the events.'),
});
