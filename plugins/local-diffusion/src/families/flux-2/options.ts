import { z } from 'zod';
import { textOptions } from '../components/text-options.js';

/** The provider options that FLUX.2 reads. */
export const options = {
  ...textOptions,
  textLayers: z
    .array(z.int().min(0).max(1000))
    .min(1)
    .max(16)
    .optional()
    .describe(
      'FLUX.2: the layers of the text encoder whose states are read of each token, as many as the model was trained with, in order; 0 is what goes into the first. Absent: those that it was trained with, 9, 18 and 27.',
    ),
};

const optionsSchema = z.object(options);

/** What FLUX.2 reads beside the prompts. */
export type Flux2Request = Readonly<z.output<typeof optionsSchema>>;

/** Of provider options, or of a conditioning request's `familyOptions`. Absent ones are an empty request. */
export const readOptions = (given: unknown): Flux2Request => optionsSchema.parse(given ?? {});
