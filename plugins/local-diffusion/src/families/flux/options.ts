import { z } from 'zod';
import { textOptions } from '../components/text-options.js';

/** The provider options that FLUX reads. */
export const options = {
  ...textOptions,
  editedImageSize: z
    .enum(['trained', 'own'])
    .optional()
    .describe(
      'FLUX.1 Kontext: whether input images are brought to the nearest size of its training, about a megapixel, or keep their own: small ones then take less time. Absent: trained.',
    ),
  trueCfgScale: z
    .number()
    .min(0)
    .max(30)
    .optional()
    .describe(
      'FLUX: classifier-free guidance beside the embedded one, with a negative prompt: twice the time. Absent or at most 1: the negative prompt has no effect.',
    ),
};

const optionsSchema = z.object(options);

/** What FLUX reads beside the prompts. */
export type FluxRequest = Readonly<z.output<typeof optionsSchema>>;

/** Of provider options, or of a conditioning request's `familyOptions`. Absent ones are an empty request. */
export const readOptions = (given: unknown): FluxRequest => optionsSchema.parse(given ?? {});
