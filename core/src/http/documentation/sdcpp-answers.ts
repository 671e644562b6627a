import { warningSchema } from '@easel/plugin-sdk';
import { z } from 'zod';

const accepted = {
  id: z.string(),
  kind: z.string(),
  status: z.enum(['queued', 'generating', 'completed', 'failed', 'cancelled']),
  created: z.number(),
};
const warnings = z.array(warningSchema).describe('What is done otherwise than asked.');

/** What stable-diffusion.cpp's API answers, by the name under which the document has it. */
export const sdcppAnswers = {
  sdcppAccepted: z.looseObject({ ...accepted, poll_url: z.string(), warnings }),
  sdcppJob: z.looseObject({
    ...accepted,
    started: z.number().nullable(),
    completed: z.number().nullable(),
    queue_position: z.number(),
    result: z
      .looseObject({
        output_format: z.string(),
        images: z.array(z.looseObject({ index: z.number(), b64_json: z.string() })),
        warnings,
      })
      .nullable(),
    error: z.looseObject({ code: z.string(), message: z.string() }).nullable(),
  }),
  sdcppCapabilities: z.looseObject({
    model: z.looseObject({ name: z.string() }),
    supported_modes: z.array(z.string()),
    samplers: z.array(z.string()),
    schedulers: z.array(z.string()),
  }),
  sdcppFailed: z.looseObject({ error: z.string() }),
};
