/**
 * What Parasail answers, as far as it is read here: docs.parasail.io, which follows
 * platform.openai.com/docs/api-reference. Fields that are added later do no harm.
 *
 * @module
 */
import type { imagesSchema } from '@easel/plugin-sdk/batch';
import { z } from 'zod';

export const errorSchema = z.object({
  message: z.string().nullish(),
  type: z.string().nullish(),
  code: z.union([z.string(), z.number()]).nullish(),
});
export type ProviderError = z.output<typeof errorSchema>;

/** Pictures, of a line or of a direct call: platform.openai.com/docs/api-reference/images. */
export type ProviderImages = z.output<typeof imagesSchema>;
