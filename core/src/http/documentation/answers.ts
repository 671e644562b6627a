/**
 * What is answered, as the OpenAPI document says it. More may come with it; what is here stays.
 *
 * @module
 */
import { errorCodes, jsonSchema, warningSchema } from '@easel/plugin-sdk';
import { z } from 'zod';
import { jobStates } from '../../jobs/job.js';
import { automaticAnswers } from './automatic1111-answers.js';
import { comfyAnswers } from './comfyui-answers.js';
import { modelFileAnswers } from './model-file-answers.js';
import { ollamaAnswers } from './ollama-answers.js';
import {
  configuration,
  costs,
  gallery,
  galleryChange,
  galleryImage,
  keptSecret,
  planned,
  probe,
  readParameters,
  session,
  spending,
} from './page-answers.js';
import { sdcppAnswers } from './sdcpp-answers.js';

const time = z.iso.datetime().nullable();
const provenance = z.looseObject({
  model: z.string(),
  pipelineType: z.string(),
  plugin: z.looseObject({ id: z.string(), version: z.string() }),
  parameters: z.record(z.string(), jsonSchema),
  attempts: z.array(z.looseObject({ plugin: z.string(), outcome: z.string(), durationMs: z.number() })),
});
const cost = z.looseObject({ amount: z.number(), currency: z.string() });
const timings = z.record(z.string(), z.number());

const generated = z.looseObject({
  success: z.literal(true),
  image_url: z.url(),
  image_path: z.string(),
  images: z.array(
    z.looseObject({
      image_url: z.url(),
      image_path: z.string(),
      media_type: z.string(),
      width: z.int(),
      height: z.int(),
      seed: z.int().optional(),
    }),
  ),
  service: z.string(),
  model: z.string(),
  generation_time: z.number().describe('Seconds.'),
  warnings: z.array(warningSchema),
  provenance,
  timings,
  cost: cost.optional(),
});

const failed = z.looseObject({
  success: z.literal(false),
  error: z.looseObject({
    code: z.string().describe(`${errorCodes.join(', ')}, or a code of the door itself.`),
    message: z.string(),
    hint: z.string().optional(),
    param: z.string().nullable(),
    plugin: z.string().optional(),
  }),
});

const model = z.looseObject({
  id: z.string(),
  name: z.string(),
  pipelineType: z.string(),
  available: z.boolean(),
  current: z.boolean(),
  plugin: z.string().optional(),
});
const models = z.looseObject({
  success: z.literal(true),
  current_model: z.string().nullable(),
  models: z.array(model),
});
const currentModel = z.looseObject({
  success: z.literal(true),
  current_model: z.string(),
  name: z.string(),
});

const plugin = z.looseObject({
  id: z.string(),
  version: z.string(),
  state: z.string(),
  available: z.boolean(),
  configured: z.boolean(),
  connected: z.boolean(),
  pipelineTypes: z.array(z.string()),
  models: z.array(z.looseObject({ id: z.string(), key: z.string(), supportsNegativePrompt: z.boolean() })),
  breakers: z.record(z.string(), z.enum(['closed', 'open', 'half-open'])),
  inFlight: z.int(),
  queued: z.int(),
});
const health = z.looseObject({
  success: z.boolean(),
  status: z.enum(['ok', 'degraded']),
  plugins: z.array(plugin),
  problems: z.array(z.looseObject({ code: z.string(), message: z.string() })),
  waitingSettings: z.array(z.string()),
});

const status = z.looseObject({
  success: z.literal(true),
  status: z.enum(['ok', 'degraded']),
  version: z.string(),
  pid: z.int(),
  uptime_s: z.number(),
  current_model: z.string().nullable(),
  storage_folder: z.string(),
  storage_problem: z.string().optional(),
  jobs: z.array(
    z.looseObject({ state: z.enum(['queued', 'running']), count: z.int(), oldest_s: z.number().optional() }),
  ),
  plugins: z.array(
    z.looseObject({
      ...{ id: z.string(), version: z.string(), state: z.string(), available: z.boolean() },
      ...{ in_flight: z.int(), queued: z.int() },
    }),
  ),
  problems: z.array(z.looseObject({ code: z.string(), message: z.string() })),
  waiting_settings: z.array(z.string()),
});

const explained = z.looseObject({
  success: z.literal(true),
  candidates: z.array(
    z.looseObject({
      ...{ plugin: z.string(), model: z.string(), pipelineType: z.string() },
      ...{ priority: z.number(), weight: z.number(), inFlight: z.int(), queued: z.int() },
      ...{ reason: z.string(), estimate: cost.optional(), medianMs: z.number().optional() },
      obstacle: z.string().optional(),
      warnings: z.array(z.string()),
    }),
  ),
});

const job = z.looseObject({
  id: z.uuid(),
  state: z.enum(jobStates),
  priority: z.int(),
  created_at: time,
  start_before: time.optional().describe('When it is begun no more. Absent: it waits for its turn.'),
  started_at: time,
  ended_at: time,
  request: z
    .looseObject({ prompt: z.string(), model: z.string().optional(), n: z.int() })
    .optional()
    .describe('What it was asked for, without its images; model and seed are those that were chosen for it.'),
  progress: z.looseObject({ stage: z.string(), fraction: z.number() }).optional(),
  previews: z.array(z.int()).optional().describe('Indexes of the images that can be looked at already.'),
  result: z
    .looseObject({
      images: z.array(z.looseObject({ name: z.string(), url: z.string(), mediaType: z.string() })),
      provenance,
    })
    .optional(),
  error: z.looseObject({ code: z.string(), message: z.string() }).optional(),
});
const jobs = z.looseObject({ jobs: z.array(job) });

const picture = z.looseObject({
  name: z.string(),
  mediaType: z.string(),
  width: z.int(),
  height: z.int(),
  bytes: z.int(),
});

const openAiImages = z.looseObject({
  created: z.int(),
  data: z.array(z.looseObject({ b64_json: z.string().optional(), url: z.url().optional() })),
  size: z.string(),
  output_format: z.string(),
  easel: z.looseObject({ provenance, warnings: z.array(warningSchema), timings, cost: cost.optional() }),
});
const openAiFailed = z.looseObject({
  error: z.looseObject({
    message: z.string(),
    type: z.string(),
    param: z.string().nullable(),
    code: z.string(),
  }),
});
const openAiJob = z.looseObject({
  id: z.uuid(),
  object: z.literal('image.job'),
  status: z.enum(['queued', 'in_progress', 'completed', 'failed', 'cancelled']),
  progress: z.int().describe('Percent.'),
  created_at: z.int(),
  data: openAiImages.shape.data.optional().describe('The images. Absent: they are not made.'),
  error: z.looseObject({ message: z.string() }).optional(),
});
const openAiModel = z.looseObject({
  id: z.string(),
  object: z.literal('model'),
  created: z.int(),
  owned_by: z.string(),
});
const openAiModels = z.looseObject({ object: z.literal('list'), data: z.array(openAiModel) });

const changedPlugin = z.looseObject({ success: z.literal(true), plugin });

/** By the name under which the document has them. */
export const answers = {
  generated,
  failed,
  models,
  currentModel,
  health,
  status,
  explained,
  planned,
  job,
  jobs,
  picture,
  gallery,
  galleryImage,
  galleryChange,
  readParameters,
  costs,
  spending,
  keptSecret,
  openAiImages,
  openAiFailed,
  openAiJob,
  openAiModels,
  openAiModel,
  ...automaticAnswers,
  ...ollamaAnswers,
  ...comfyAnswers,
  ...sdcppAnswers,
  ...modelFileAnswers,
  changedPlugin,
  configuration,
  session,
  probe,
} as const satisfies Record<string, z.ZodType>;
export type AnswerName = keyof typeof answers;
