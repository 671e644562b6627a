import * as z from 'zod/mini';

const text = z.string();
const optionalText = z.optional(z.nullable(text));
const optionalNumber = z.optional(z.nullable(z.number()));

export const imageSchema = z.looseObject({
  name: text,
  mediaType: text,
  width: z.number(),
  height: z.number(),
  seed: z.optional(z.number()),
});
export type StoredImage = z.infer<typeof imageSchema>;

export const attemptSchema = z.looseObject({
  plugin: text,
  model: text,
  outcome: text,
  durationMs: z.number(),
});
export const costSchema = z.looseObject({ amount: z.number(), currency: text });

export const errorSchema = z.looseObject({ code: text, message: text, hint: optionalText });
export type ApiProblem = z.infer<typeof errorSchema>;

export const progressSchema = z.looseObject({
  stage: text,
  fraction: z.number(),
  step: z.optional(z.number()),
  steps: z.optional(z.number()),
  message: z.optional(text),
});

const axisSchema = z.looseObject({ parameter: text, values: z.array(z.union([text, z.number()])) });

export const jobSchema = z.looseObject({
  id: text,
  state: z.enum(['queued', 'running', 'succeeded', 'failed', 'cancelled']),
  priority: z.number(),
  created_at: optionalText,
  started_at: optionalText,
  ended_at: optionalText,
  request: z.optional(
    z.looseObject({
      prompt: text,
      model: optionalText,
      size: optionalText,
      n: z.number(),
      steps: optionalNumber,
      seed: optionalNumber,
      negative_prompt: optionalText,
      guidance_scale: optionalNumber,
      sampler: optionalText,
      strength: optionalNumber,
      grid: z.optional(z.looseObject({ x: axisSchema, y: z.optional(axisSchema) })),
    }),
  ),
  progress: z.optional(progressSchema),
  previews: z.optional(z.array(z.number())),
  result: z.optional(
    z.looseObject({
      images: z.array(imageSchema),
      warnings: z.array(z.looseObject({ message: text })),
      cost: z.optional(costSchema),
      timings: z.record(text, z.number()),
      provenance: z.looseObject({
        model: text,
        plugin: z.looseObject({ id: text, version: text }),
        parameters: z.record(text, z.unknown()),
        attempts: z.array(attemptSchema),
      }),
    }),
  ),
  error: z.optional(errorSchema),
});
export type Job = z.infer<typeof jobSchema>;
export const jobsSchema = z.looseObject({ jobs: z.array(jobSchema) });

export const installSchema = z.looseObject({
  model: text,
  state: z.enum(['running', 'paused', 'installed', 'failed']),
  bytes: z.number(),
  totalBytes: z.optional(z.number()),
  bytesPerSecond: z.optional(z.number()),
  error: z.optional(errorSchema),
});
export type Install = z.infer<typeof installSchema>;

export const modelSchema = z.looseObject({
  id: text,
  name: text,
  description: z.optional(text),
  available: z.boolean(),
  installed: z.boolean(),
  current: z.boolean(),
  plugin: z.optional(text),
  missingSecrets: z.optional(z.array(text)),
  choices: z.looseObject({
    samplers: z.array(text),
    schedules: z.array(text),
    sharedOptions: z.array(text),
    promptTags: z.array(z.looseObject({ tag: text })),
  }),
  defaults: z.looseObject({
    width: z.number(),
    height: z.number(),
    steps: z.optional(z.number()),
    guidanceScale: z.optional(z.number()),
    sampler: z.optional(text),
    strength: z.optional(z.number()),
    negativePrompt: z.optional(text),
  }),
  supports: z.looseObject({
    minimumEdge: z.number(),
    maximumEdge: z.number(),
    edgeMultiple: z.number(),
    images: z.number(),
    negativePrompt: z.boolean(),
    seed: z.boolean(),
    steps: z.boolean(),
    guidanceScale: z.boolean(),
    sampler: z.boolean(),
    strength: z.boolean(),
    inputImages: z.number(),
    mask: z.boolean(),
    control: z.number(),
  }),
});
export type Model = z.infer<typeof modelSchema>;
export const modelsSchema = z.looseObject({
  current_model: z.nullable(text),
  models: z.array(modelSchema),
});

export const failureSchema = z.looseObject({
  error: z.looseObject({ code: text, message: text, hint: optionalText }),
});
export const jobProgressSchema = z.extend(progressSchema, { id: text });
export const jobPreviewSchema = z.looseObject({ id: text, index: z.number(), step: z.optional(z.number()) });

export const galleryImageSchema = z.looseObject({
  name: text,
  created_at: text,
  job: z.nullable(text),
  prompt: text,
  model: text,
  plugin: text,
  media_type: text,
  width: z.number(),
  height: z.number(),
  seed: z.nullable(z.number()),
  starred: z.boolean(),
});
export type GalleryImage = z.infer<typeof galleryImageSchema>;
export const gallerySchema = z.looseObject({
  total: z.number(),
  days: z.array(z.looseObject({ day: text, count: z.number() })),
  images: z.array(galleryImageSchema),
});
export type Gallery = z.infer<typeof gallerySchema>;
export const imageDetailsSchema = z.extend(galleryImageSchema, {
  warnings: z.array(z.looseObject({ message: text })),
  timings: z.record(text, z.number()),
  cost: z.optional(costSchema),
  provenance: z.looseObject({
    pipelineType: text,
    plugin: z.looseObject({ id: text, version: text }),
    parameters: z.record(text, z.unknown()),
    attempts: z.array(attemptSchema),
  }),
});
export type ImageDetails = z.infer<typeof imageDetailsSchema>;
export const changedSchema = z.looseObject({ changed: z.number() });

export const candidateSchema = z.looseObject({ plugin: text, obstacle: optionalText });
export const explainedSchema = z.looseObject({ candidates: z.array(candidateSchema) });
export const costSumSchema = z.looseObject({
  day: text,
  plugin: text,
  currency: text,
  amount: z.number(),
  calls: z.number(),
});
export const costsSchema = z.looseObject({ costs: z.array(costSumSchema) });

const problemSchema = z.looseObject({ code: text, message: text });
export const pluginSchema = z.looseObject({
  id: text,
  provider: text,
  version: text,
  state: text,
  available: z.boolean(),
  missingSecrets: z.optional(z.array(text)),
  pipelineTypes: z.array(text),
  models: z.array(z.looseObject({ id: text, name: text })),
  device: z.optional(text),
  memoryBytes: z.optional(z.number()),
  uptimeMs: z.number(),
  restarts: z.number(),
  inFlight: z.number(),
  queued: z.number(),
  breakers: z.record(text, text),
  latencies: z.record(text, z.looseObject({ medianMs: z.number(), p95Ms: z.number() })),
  lastError: z.optional(problemSchema),
});
export type Plugin = z.infer<typeof pluginSchema>;
export const healthSchema = z.looseObject({
  status: text,
  plugins: z.array(pluginSchema),
  problems: z.array(problemSchema),
  waitingSettings: z.array(text),
});
export type Health = z.infer<typeof healthSchema>;
export const changedPluginSchema = z.looseObject({ plugin: pluginSchema });
