/**
 * What can be set of a model in its catalogue file under `options`, and of a request under
 * `providerOptions.runware`. Names are those of Runware's parameters,
 * runware.ai/docs/image-inference/api-reference, where it has one of the kind.
 *
 * @module
 */
import { jsonSchema } from '@easel/plugin-sdk';
import { priceSchema } from '@easel/plugin-sdk/provider';
import { z } from 'zod';

/** An AIR id; `runware:z-image@turbo` has letters, so that nothing more can be said of its form. */
const air = z.string().min(3).max(200).includes('@');
const weight = z.number().min(-4).max(4).default(1);
const record = z.record(z.string(), jsonSchema);
const weighted = z
  .array(z.strictObject({ model: air, weight }))
  .min(1)
  .max(20);

/** Fields that are made of the request itself and are not to be changed behind its back. */
export const ownFields: ReadonlySet<string> = new Set([
  'taskType',
  'taskUUID',
  'positivePrompt',
  'negativePrompt',
  'width',
  'height',
  'model',
  'steps',
  'scheduler',
  'seed',
  'CFGScale',
  'numberResults',
  'seedImage',
  'maskImage',
  'strength',
  'referenceImages',
  'outputType',
  'outputFormat',
  'deliveryMethod',
  'includeCost',
  'webhookURL',
  'uploadEndpoint',
  'inputs',
]);

export const optionsSchema = z.strictObject({
  delivery: z
    .enum(['async', 'sync'])
    .default('async')
    .describe(
      'async: Runware keeps the result and is asked for it; sync: it is pushed when it is made, which saves the wait for a question. Absent: async, whose results are sure to be kept.',
    ),
  outputType: z
    .enum(['base64Data', 'dataURI', 'URL'])
    .default('base64Data')
    .describe('How pictures come: inside of the answer, or from an address. Absent: base64Data.'),
  outputQuality: z.int().min(20).max(99).optional().describe('20 to 99, of lossy formats. Absent: 95.'),
  ttl: z
    .int()
    .min(60)
    .optional()
    .describe('Seconds that Runware keeps pictures with an address. Absent: its own choice.'),
  includeCost: z.boolean().default(true).describe('Whether results tell their cost. Absent: yes.'),
  price: priceSchema
    .optional()
    .describe('What the model costs, for estimates: results tell what they have cost. Absent: unknown.'),
  picturesPerTask: z
    .int()
    .min(1)
    .max(20)
    .default(1)
    .describe(
      'Pictures that one task makes, `numberResults`. Absent: 1, so that each can be asked for again alone.',
    ),
  seeds: z
    .enum(['wide', 'narrow'])
    .default('wide')
    .describe(
      'Which seeds the model takes: wide, 1 to 4294967295, or narrow, 0 to 2147483647. Absent: wide.',
    ),
  imagesAs: z
    .enum(['seedImage', 'referenceImages'])
    .default('seedImage')
    .describe('What the model takes input images as, under `inputs`. Absent: seedImage, which is one.'),
  task: z
    .enum(['upscale', 'removeBackground', 'controlNetPreprocess'])
    .optional()
    .describe(
      'What the model does with one input image, in place of making one of a prompt; the prompt is not sent. Absent: it makes images.',
    ),
  upscaleFactor: z
    .int()
    .min(2)
    .max(4)
    .default(2)
    .describe('Times as wide and high as the input image, 2 to 4, where the task is upscale. Absent: 2.'),
  scheduler: z
    .string()
    .min(1)
    .max(100)
    .optional()
    .describe("Runware's own name of a scheduler, in place of `sampler`. Absent: as `sampler` says."),
  checkContent: z
    .boolean()
    .default(false)
    .describe('Whether Runware looks for content that is not safe for work, at a cost. Absent: no.'),
  flagged: z
    .enum(['warn', 'refuse'])
    .default('warn')
    .describe(
      'What becomes of pictures that were found not to be safe: given with a warning, or held back. Absent: warn.',
    ),
  enhancePrompt: z
    .boolean()
    .default(false)
    .describe('Whether Runware words the prompt anew, in more detail, first, at a cost. Absent: no.'),
  enhanceModel: air
    .default('runware:llama-3-1-8b@prompt-enhancer')
    .describe('The model that words prompts anew. Absent: the one that Runware has for it.'),
  enhanceMaxLength: z
    .int()
    .min(12)
    .max(400)
    .default(120)
    .describe('Tokens of a prompt that is worded anew. Absent: 120.'),
  lora: weighted.optional().describe('LoRA models, weights -4 to 4, 1 where absent. Absent: none.'),
  embeddings: weighted.optional().describe('Textual inversions, weights like those of `lora`. Absent: none.'),
  refiner: z
    .strictObject({
      model: air,
      startStep: z.int().min(2).max(100).optional(),
      startStepPercentage: z.int().min(1).max(99).optional(),
    })
    .refine(
      ({ startStep, startStepPercentage }) => startStep === undefined || startStepPercentage === undefined,
      {
        path: ['startStep'],
        message: 'and startStepPercentage are alternatives',
      },
    )
    .optional()
    .describe('A model for the last steps, from a step or a share of them. Absent: none.'),
  controlNet: z
    .array(record)
    .max(10)
    .optional()
    .describe("ControlNets, in Runware's own form. Absent: none."),
  ipAdapters: z
    .array(record)
    .max(10)
    .optional()
    .describe("IP adapters, in Runware's own form. Absent: none."),
  vae: air.optional().describe("Another VAE. Absent: the model's own."),
  clipSkip: z.int().min(0).max(2).optional().describe('Last layers of CLIP to leave out, 0 to 2. Absent: 0.'),
  promptWeighting: z
    .enum(['compel', 'sdEmbeds'])
    .optional()
    .describe('How weights in prompts are written. Absent: none are.'),
  maskMargin: z
    .int()
    .min(32)
    .max(128)
    .optional()
    .describe('Pixels around the mask to zoom in on. Absent: none.'),
  outpaint: record.optional().describe('Pixels to add at each edge. Absent: none.'),
  acceleration: z
    .enum(['none', 'low', 'medium', 'high'])
    .optional()
    .describe("Absent: Runware's own choice."),
  acceleratorOptions: record.optional().describe('Caches between steps. Absent: none.'),
  advancedFeatures: record.optional().describe('Such as hiresfix. Absent: none.'),
  providerSettings: record
    .optional()
    .describe('What only the maker of the model knows, by maker. Absent: nothing.'),
  settings: record.optional().describe('What newer models take under `settings`. Absent: nothing.'),
  body: record
    .default({})
    .refine((fields) => Object.keys(fields).every((name) => !ownFields.has(name)), {
      message: `must leave out what a request sets: ${[...ownFields].join(', ')}`,
    })
    .describe('More fields of the task, as Runware names them. Absent: none.'),
});
export type Options = z.output<typeof optionsSchema>;
