/**
 * What a plugin is asked for: a request after the kernel has resolved the model, filled in its defaults,
 * adapted what had to be adapted and dropped what the model does not support. Whatever is left in it is
 * meant.
 *
 * @module
 */
import { z } from 'zod';
import { generatedFormats } from './image.js';
import { jsonSchema } from './json.js';
import { modelSchema } from './model.js';
import { generationParameters, promptLimit } from './parameters.js';
import { imageRequestSchema } from './request.js';

const parameter = imageRequestSchema.shape;

export const generationRequestSchema = z.object({
  requestId: z
    .string()
    .min(1)
    .max(200)
    .optional()
    .describe(
      'Id of the call, the same each time that it is carried out: tried again, or resumed after a restart. A plugin that pays for work keeps it with the work, takes up under it what it has begun, and never pays twice for it. Absent: nobody resumes the call, and an equal one is another call.',
    ),
  model: modelSchema.describe('The catalogue entry, paths made absolute.'),
  isResumable: z
    .boolean()
    .optional()
    .describe(
      'Whether the call may be carried out again under its `requestId` after it has been cancelled or its process has ended: paid work is then worth finishing. Absent: once it is cancelled nobody comes for it any more.',
    ),
  prompt: z
    .string()
    .max(promptLimit)
    .describe('What the picture should show. Empty where it was nothing but tags that the manifest lists.'),
  width: z.int().positive().describe('Pixels, within what the model supports.'),
  height: z.int().positive().describe('Pixels, within what the model supports.'),
  n: z.int().min(1).describe('How many pictures.'),
  ...generationParameters,
  isSeedDrawn: z
    .boolean()
    .optional()
    .describe(
      'Whether the seed was drawn, since the request had none: nobody expects a certain image of it. Absent: the caller asked for it, or the model has no seeds.',
    ),
  outputFormat: z.enum(generatedFormats).describe('File format to encode.'),
  inputImages: z.array(parameter.inputImages.unwrap().element).describe('Empty: text to image.'),
  mask: parameter.mask.describe('Absent: the whole picture.'),
  control: parameter.control
    .unwrap()
    .optional()
    .describe(
      'Images to follow by ControlNets; of a model on this machine `model` of each is the absolute path of the ControlNet. Absent: none.',
    ),
  previews: z
    .int()
    .min(0)
    .default(0)
    .describe('Looks at each unfinished picture that are wanted with the progress. Absent: none.'),
  options: z
    .record(z.string(), jsonSchema)
    .describe("The plugin's own options: the model's under the request's."),
});
export type GenerationRequest = z.output<typeof generationRequestSchema>;
