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
  controlNet: z
    .strictObject({
      scale: z.number().min(0).max(2).optional(),
      start: z.number().min(0).max(1).optional(),
      end: z.number().min(0).max(1).optional(),
      mode: z.int().min(0).max(99).optional(),
    })
    .optional()
    .describe(
      'FLUX with a ControlNet: how much the image counts, 0 to 2 (default 1); the shares of the steps between which it does (default 0 and 1); for a union the number of the kind of image, as its publisher counts (default 0).',
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
