import { z } from 'zod';

/** Names of options that mean the same wherever they are. */
const sharedOptions = [
  'clipSkip',
  'hiresFix',
  'precision',
  'promptStyle',
  'background',
  'inputFidelity',
  'moderation',
  'quality',
  'style',
] as const;

/** What people and other APIs can choose for models of a pipeline type. */
export const choiceFields = {
  samplers: z
    .array(z.string().min(1).max(100))
    .default([])
    .describe(
      'Samplers that people can choose, as AUTOMATIC1111 calls them, for the lists of its clients. Absent: none are listed.',
    ),
  schedules: z
    .array(z.string().min(1).max(100))
    .default([])
    .describe(
      'Schedules that go with some of the samplers, as AUTOMATIC1111 calls them. Absent: none are listed.',
    ),
  controlTensors: z
    .array(z.string().min(1).max(100))
    .max(40)
    .default([])
    .describe(
      'How the name of a tensor ends in ControlNets for models of this type: the files that have one are listed for clients that ask what there is. Absent: none are listed.',
    ),
  sharedOptions: z
    .array(z.enum(sharedOptions))
    .default([])
    .describe(
      'Options of the plugin that mean what they mean elsewhere, so that other APIs can set them: `clipSkip`, how many last layers of the text encoder are left out, and `hiresFix`, text to image at its `width` and `height` first, and then image to image from it at the size asked for; `precision`, `exact` or `fast`, which is sooner and a little different; `promptStyle`, `weighted` for weights in a prompt as AUTOMATIC1111 reads them or `interpolated` as ComfyUI does; `background`, `inputFidelity`, `moderation`, `quality` and `style` as OpenAI has them. Absent: none.',
    ),
};
