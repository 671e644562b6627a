import { imageRequestSchema, requestParameters } from '@easel/plugin-sdk';
import { z } from 'zod';
import { gridSchema } from './grid.js';

const { prompt, model, width, height, n, outputFormat } = imageRequestSchema.shape;

/** What a job was asked for, as far as people read it: all but its images, and what only its plugin reads. */
export const wantedSchema = z.object({
  prompt,
  model,
  width,
  height,
  n,
  outputFormat,
  ...requestParameters,
  grid: gridSchema.optional(),
});
export type Wanted = z.output<typeof wantedSchema>;
