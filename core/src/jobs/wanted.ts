import { imageRequestSchema } from '@easel/plugin-sdk';
import { z } from 'zod';

const { shape } = imageRequestSchema.pick({
  prompt: true,
  model: true,
  width: true,
  height: true,
  n: true,
  negativePrompt: true,
  seed: true,
  steps: true,
  guidanceScale: true,
  sampler: true,
  strength: true,
  outputFormat: true,
});

/** What a job was asked for, as far as people read it: all but its images, and what only its plugin reads. */
export const wantedSchema = z.object(shape);
export type Wanted = z.output<typeof wantedSchema>;
