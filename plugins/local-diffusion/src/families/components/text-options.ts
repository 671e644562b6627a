import { EaselError } from '@easel/plugin-sdk';
import { z } from 'zod';
import type { TextualInversion } from '../../prompt/textual-inversion.js';

/** Provider options that several families read: the same schema wherever one is named. */
export const textOptions = {
  textTokens: z
    .int()
    .min(1)
    .max(512)
    .optional()
    .describe(
      'FLUX, SD 3, Chroma: tokens of T5 that a prompt is cut at or filled up to. Z-Image: tokens that are read at most, and FLUX.2: those that a prompt is cut at or filled up to, those of the chat template counted. Qwen-Image: tokens that are read at most, those of the template behind the prompt counted. Absent: as the model was trained.',
    ),
} as const;

/**
 * For families that read a text by encoders without learned words. @throws ERR_REQUEST_INVALID where there
 * are any
 */
export function refuseInversions(inversions: readonly TextualInversion[] = [], title: string): void {
  if (inversions.length === 0) return;
  throw new EaselError({
    code: 'ERR_REQUEST_INVALID',
    field: 'options.embeddings',
    message: `embeddings: ${title} takes no textual inversions.`,
  });
}
