import { z } from 'zod';
import { textOptions } from '../components/text-options.js';

const share = z.number().min(0).max(1);

/** The provider options that Stable Diffusion 3 reads. */
export const options = {
  ...textOptions,
  skipLayerGuidance: z
    .strictObject({
      layers: z.array(z.int().min(0).max(99)).min(1).describe('Blocks of the network to leave out, from 0.'),
      scale: z.number().min(0).max(30).default(2.8).describe('How far to lead away from that. Absent: 2.8.'),
      start: share.default(0.01).describe('The share of the steps after which it begins. Absent: 0.01.'),
      stop: share.default(0.2).describe('The share of the steps after which it ends. Absent: 0.2.'),
    })
    .optional()
    .describe(
      'SD 3.5: leads the image away from what the network makes without some of its blocks, for better anatomy: half again the time of those steps. For SD 3.5 medium its makers use the layers [7, 8, 9]. Absent: none.',
    ),
};

const optionsSchema = z.object(options);

/** What Stable Diffusion 3 reads beside the prompts. */
export type Sd3Request = Readonly<z.input<typeof optionsSchema>>;

/** Of provider options, or of a conditioning request's `familyOptions`. Absent ones are an empty request. */
export const readOptions = (given: unknown): z.output<typeof optionsSchema> =>
  optionsSchema.parse(given ?? {});
