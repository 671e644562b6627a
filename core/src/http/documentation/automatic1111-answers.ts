import { z } from 'zod';

/** What Automatic1111's API answers, by the name under which the document has it. */
export const automaticAnswers = {
  automaticImages: z.looseObject({
    images: z.array(z.string()).describe('Base64.'),
    parameters: z.looseObject({}),
    info: z.string().describe('JSON.'),
  }),
  automaticFailed: z.looseObject({ error: z.string(), detail: z.string(), errors: z.string() }),
  automaticList: z.union([z.array(z.unknown()), z.looseObject({})]),
  automaticPngInfo: z.looseObject({
    info: z.string(),
    items: z.looseObject({}),
    parameters: z.looseObject({}),
  }),
  automaticTask: z.looseObject({
    active: z.boolean(),
    queued: z.boolean(),
    completed: z.boolean(),
    progress: z.number().nullable(),
  }),
  automaticOptions: z.looseObject({ sd_model_checkpoint: z.string().nullable() }),
  automaticNothing: z.looseObject({}),
  automaticProgress: z.looseObject({
    progress: z.number().min(0).max(1),
    eta_relative: z.number(),
    state: z.looseObject({ job: z.string(), sampling_step: z.int(), sampling_steps: z.int() }),
  }),
};
