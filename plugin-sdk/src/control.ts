import { z } from 'zod';
import { inputImageSchema } from './image.js';

const share = z.number().min(0).max(1);

/** An image that the network follows by a ControlNet, beside the prompt. */
export const controlSchema = z.strictObject({
  image: inputImageSchema.describe(
    'What is to be followed, such as edges, depths or a pose, as the ControlNet was trained with it.',
  ),
  model: z
    .string()
    .min(1)
    .max(1_000)
    .optional()
    .describe(
      "The ControlNet: for a model on this machine its file or folder below `server.modelFolders`, or an id; elsewhere the provider's id of it. Absent: the model's own.",
    ),
  strength: z.number().min(0).max(2).default(1).describe('How much it counts, 0 to 2. Absent: 1.'),
  start: share.default(0).describe('Share of the steps from which on it counts, 0 to 1. Absent: 0.'),
  end: share.default(1).describe('Share of the steps until which it counts, 0 to 1. Absent: 1.'),
  emphasis: z
    .enum(['balanced', 'prompt', 'image'])
    .default('balanced')
    .describe('What counts more where prompt and image are at odds. Absent: balanced.'),
  kind: z
    .int()
    .min(0)
    .max(999)
    .optional()
    .describe("For a ControlNet of several kinds of images the number of the image's kind. Absent: 0."),
});
export type Control = z.output<typeof controlSchema>;
