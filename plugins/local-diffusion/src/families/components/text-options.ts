import { z } from 'zod';

/** Provider options that several families read: the same schema wherever one is named. */
export const textOptions = {
  textTokens: z
    .int()
    .min(1)
    .max(512)
    .optional()
    .describe(
      'FLUX, SD 3, Chroma: tokens of T5 that a prompt is cut at or filled up to. Absent: as the model was trained.',
    ),
} as const;
