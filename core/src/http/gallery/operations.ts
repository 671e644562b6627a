import { z } from 'zod';
import type { Operation } from '../operation.js';

const name = z.string().max(100);
const day = z.iso.date('must be a day such as 2026-11-30');

export const gallerySchema = z.object({
  limit: z.coerce.number().int().min(1).max(500).default(100).describe('How many, 1 to 500. Absent: 100.'),
  offset: z.coerce.number().int().min(0).default(0).describe('How many newer ones are left out. Absent: 0.'),
  text: z.string().max(1_000).optional().describe('Part of the prompt. Absent: all.'),
  model: z.string().max(200).optional().describe('Id of a model. Absent: all.'),
  plugin: z.string().max(200).optional().describe('Id of a plugin. Absent: all.'),
  since: day
    .optional()
    .describe('The first day (UTC) of interest, such as 2026-11-01. Absent: no first day.'),
  until: day.optional().describe('The last day (UTC) of interest, such as 2026-11-30. Absent: no last day.'),
  starred: z.enum(['true']).optional().describe('Only those with a star. Absent: all.'),
});

export const galleryChangeSchema = z.strictObject({
  names: z.array(name).min(1).max(1_000).describe('Names of images.'),
  starred: z.boolean().optional().describe('Whether they have a star. Absent: as it is.'),
  deleted: z
    .boolean()
    .optional()
    .describe('Whether they are deleted; for an hour, false has them back. Absent: as it is.'),
});

export const costsSchema = z.object({
  days: z.coerce
    .number()
    .int()
    .min(1)
    .max(366)
    .default(30)
    .describe('How many days back, 1 to 366. Absent: 30.'),
});

export const galleryOperations = {
  costs: {
    tag: 'Pictures',
    method: 'GET',
    path: '/api/images/costs',
    scope: 'read',
    summary: 'What the calls have cost whose images are kept, by day and plugin.',
    query: costsSchema,
    answer: 'costs',
  },
  list: {
    tag: 'Pictures',
    method: 'GET',
    path: '/api/images/gallery',
    scope: 'read',
    summary:
      'Lists the images that the caller has made, the newest first, and how many there are of each day.',
    query: gallerySchema,
    answer: 'gallery',
  },
  get: {
    tag: 'Pictures',
    method: 'GET',
    path: '/api/images/gallery/:name',
    scope: 'read',
    summary: 'An image with all that is known of how it was made.',
    answer: 'galleryImage',
  },
  change: {
    tag: 'Pictures',
    method: 'POST',
    path: '/api/images/gallery',
    scope: 'generate',
    summary: 'Stars images, deletes them, or has them back.',
    body: galleryChangeSchema,
    example: { names: [`${'0'.repeat(64)}.png`], starred: true },
    answer: 'galleryChange',
  },
} as const satisfies Record<string, Operation>;
