import { z } from 'zod';
import { type ChargeGroup, chargeGroups } from '../../jobs/database/charge-table.js';
import type { Operation } from '../operation.js';

const groups = Object.keys(chargeGroups) as [ChargeGroup, ...ChargeGroup[]];

export const costsQuerySchema = z.object({
  by: z.enum(groups).default('provider').describe('What is summed up. Absent: provider.'),
  days: z.coerce
    .number()
    .int()
    .min(1)
    .max(366)
    .default(30)
    .describe('How many days back, today included, 1 to 366. Absent: 30.'),
});

export const costsOperation = {
  tag: 'Pictures',
  method: 'GET',
  path: '/api/costs',
  scope: 'read',
  summary: 'What calls have cost, by provider, model, key or day, and what is left of the budgets of today.',
  query: costsQuerySchema,
  answer: 'spending',
} as const satisfies Operation;
