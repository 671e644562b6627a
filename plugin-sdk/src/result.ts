/**
 * What comes back from a plugin, and while it works.
 *
 * @module
 */
import { z } from 'zod';
import { imageSchema } from './image.js';
import { jsonSchema } from './json.js';

/** Said for whatever was asked for and not done exactly so; nothing is dropped in silence. */
export const warningSchema = z.object({
  code: z
    .enum(['parameter-dropped', 'parameter-adapted', 'other'])
    .describe('Dropped: had no effect. Adapted: another value was used. Other: the message says.'),
  parameter: z
    .string()
    .optional()
    .describe("The request's field that it is about. Absent: none in particular."),
  message: z.string().min(1).describe('A sentence for people, with the values asked for and used.'),
});
export type Warning = z.infer<typeof warningSchema>;

export const costSchema = z.object({
  amount: z.number().nonnegative().describe('What the whole call cost.'),
  currency: z.string().length(3).toUpperCase().describe('ISO 4217 code, for example `USD`.'),
});

export type Cost = z.infer<typeof costSchema>;

export const samplerLabelSchema = z.object({
  sampler: z.string().min(1).max(100).describe('For example `DPM++ 2M`.'),
  schedule: z.string().min(1).max(100).optional().describe("For example `Karras`. Absent: the model's own."),
});
/** A sampler as AUTOMATIC1111 calls it; images tell it to the tools that read that program's parameters. */
export type SamplerLabel = z.infer<typeof samplerLabelSchema>;

export const generationResultSchema = z.object({
  images: z.array(imageSchema).min(1).describe('The pictures, in the order of their seeds.'),
  warnings: z.array(warningSchema).default([]).describe('What was dropped or adapted. Absent: nothing.'),
  cost: costSchema.optional().describe('Absent: unknown. A local engine reports none.'),
  samplerLabel: samplerLabelSchema
    .optional()
    .describe('The sampler that was used, as other tools call it. Absent: they have no name for it.'),
  timings: z
    .record(z.string(), z.number().nonnegative())
    .default({})
    .describe("Milliseconds by phase, in the plugin's own words. Absent: not measured."),
  parameters: z
    .record(z.string(), jsonSchema)
    .default({})
    .describe(
      'What the plugin chose where the request left it open, for example the sampler; `options` are such of its own options, which make the same image again. Absent: nothing to tell.',
    ),
});
/** What a plugin returns; only `images` is required. */
export type GenerationResult = z.input<typeof generationResultSchema>;
export type ValidGenerationResult = z.output<typeof generationResultSchema>;

export const previewSchema = imageSchema.omit({ seed: true }).extend({
  index: z.int().nonnegative().describe('Which picture of the call it is of, from 0.'),
});
export type Preview = z.infer<typeof previewSchema>;

export const progressSchema = z.object({
  stage: z
    .enum(['queue', 'load', 'generate', 'finish'])
    .describe('Waiting for a place, loading the model, making the picture, encoding and handing over.'),
  fraction: z
    .number()
    .min(0)
    .max(1)
    .describe('How much of the whole call is done, 0 to 1; never falls during a call.'),
  step: z.int().nonnegative().optional().describe('Steps done. Absent: not counted in steps.'),
  steps: z.int().positive().optional().describe('Steps in all. Absent: not counted in steps.'),
  message: z.string().max(500).optional().describe('A few words for people. Absent: none.'),
  preview: previewSchema
    .optional()
    .describe('How a picture looks so far, where previews were asked for. Absent: none.'),
});
export type Progress = z.infer<typeof progressSchema>;
