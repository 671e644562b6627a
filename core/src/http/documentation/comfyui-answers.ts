import { warningSchema } from '@easel/plugin-sdk';
import { z } from 'zod';

const problem = z.looseObject({ type: z.string(), message: z.string(), details: z.string() });
const file = z.looseObject({ filename: z.string(), subfolder: z.string(), type: z.string() });
const warnings = z.array(warningSchema).describe('What is done otherwise than asked.');

/** What ComfyUI's API answers, by the name under which the document has it. */
export const comfyAnswers = {
  comfyPrompt: z.looseObject({
    prompt_id: z.string(),
    number: z.number(),
    node_errors: z.looseObject({}),
    warnings,
  }),
  comfyQueueStatus: z.looseObject({ exec_info: z.looseObject({ queue_remaining: z.number() }) }),
  comfyHistory: z
    .record(
      z.string(),
      z.looseObject({
        outputs: z.record(z.string(), z.looseObject({ images: z.array(file) })),
        status: z.looseObject({ status_str: z.enum(['success', 'error']), completed: z.boolean() }),
        warnings,
      }),
    )
    .describe('By the ids of the prompts.'),
  comfyQueue: z.looseObject({
    queue_running: z.array(z.array(z.unknown())),
    queue_pending: z.array(z.array(z.unknown())),
  }),
  comfyUpload: z.looseObject({ name: z.string(), subfolder: z.string(), type: z.string() }),
  comfyNodes: z.record(z.string(), z.looseObject({ input: z.looseObject({}), output: z.array(z.string()) })),
  comfySystem: z.looseObject({ system: z.looseObject({}), devices: z.array(z.looseObject({})) }),
  comfyFeatures: z.looseObject({}),
  comfyList: z.array(z.unknown()),
  comfyFailed: z.looseObject({ error: problem, node_errors: z.record(z.string(), z.looseObject({})) }),
};
