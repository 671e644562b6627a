import { jsonSchema } from '@easel/plugin-sdk';
import { addressSetting, milliseconds } from '@easel/plugin-sdk/provider';
import { z } from 'zod';

export const configSchema = z.strictObject({
  baseUrl: addressSetting('http://127.0.0.1:8188', 'Where the server is.'),
  requestMs: milliseconds(60_000, 900_000).describe(
    'Milliseconds within which the server must have answered one request. Absent: 60,000.',
  ),
  pollMs: milliseconds(1_000, 60_000).describe(
    'Milliseconds between two questions of whether an image is there, beside what the server tells by itself. Absent: 1,000.',
  ),
  silenceMs: milliseconds(60_000, 3_600_000).describe(
    'Milliseconds without an answer of the server after which a call fails. Absent: 60,000.',
  ),
});
export type Config = z.output<typeof configSchema>;

const nodeSchema = z.looseObject({
  class_type: z.string().min(1),
  inputs: z.record(z.string(), jsonSchema),
});
const graphSchema = z.record(z.string(), nodeSchema);
export type Graph = z.output<typeof graphSchema>;

/** Inputs of nodes, such as `6.text`: the id of the node, and the name of the input. */
const places = z
  .array(z.string().regex(/^.+\.[^.]+$/, 'must be like 6.text'))
  .min(1)
  .optional();

export const placesSchema = z.strictObject({
  prompt: places.describe('Absent: the workflow has words of its own.'),
  negativePrompt: places.describe('Absent: the workflow has none.'),
  seed: places.describe('Absent: the workflow has no seed.'),
  width: places.describe('Absent: the workflow decides.'),
  height: places.describe('Absent: the workflow decides.'),
  steps: places.describe('Absent: the workflow decides.'),
  guidanceScale: places.describe('Absent: the workflow decides.'),
  sampler: places.describe('Absent: the workflow decides.'),
  scheduler: places.describe('For the schedule of a sampler, `karras`. Absent: the workflow decides.'),
  strength: places.describe('Absent: the workflow decides.'),
  images: places.describe('One `LoadImage` for each input image, in their order. Absent: it takes none.'),
  mask: places.describe('A `LoadImageMask` of the channel `red`. Absent: it takes none.'),
  checkpoint: places.describe("For the model's `source.id`. Absent: the workflow names its own."),
});
export type PlaceName = keyof z.output<typeof placesSchema>;

export const optionsSchema = z.strictObject({
  workflow: graphSchema
    .default({})
    .describe('As ComfyUI writes it by "Export (API)". Required in the catalogue file of a model.'),
  places: placesSchema.prefault({}).describe('Where in it a call puts what it asks for.'),
  output: z
    .string()
    .optional()
    .describe('Id of the node whose image is the result. Absent: the first that keeps one.'),
});
export type Options = z.output<typeof optionsSchema>;
