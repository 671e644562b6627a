import { z } from 'zod';
import { textOptions } from '../components/text-options.js';

/** The provider options that Z-Image reads. */
export const options = {
  ...textOptions,
  cfgNormalization: z
    .number()
    .min(0)
    .max(100)
    .optional()
    .describe(
      'Z-Image: how large the guided prediction may be, as a multiple of the one with the prompt; a larger one is scaled down. Absent or 0: no limit.',
    ),
  cfgTruncation: z
    .number()
    .min(0)
    .max(1)
    .optional()
    .describe('Z-Image: the share of the way to the image after which nothing is guided. Absent: 1.'),
};

const optionsSchema = z.object(options);

/** What Z-Image reads beside the prompts. */
export type ZImageRequest = Readonly<z.output<typeof optionsSchema>>;

/** Of provider options, or of a conditioning request's `familyOptions`. Absent ones are an empty request. */
export const readOptions = (given: unknown): ZImageRequest => optionsSchema.parse(given ?? {});
