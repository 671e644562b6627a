import { isAbsolute } from 'node:path';
import { z } from 'zod';
import type { Family } from './families/family.js';
import { predictionTypes } from './families/prediction-type.js';
import { arithmeticSettings } from './models/model-files.js';
import { promptStyles } from './prompt/text-encoding.js';
import { timestepSpacings } from './sampling/scheduler-config/scheduler-config.js';

const absolutePath = z
  .string()
  .refine(isAbsolute, 'has to be an absolute path on the machine that the engine runs on');
const edge = z.int().min(1).max(16384);

const hiresFix = z
  .strictObject({
    scale: z
      .number()
      .gt(1)
      .max(8)
      .optional()
      .describe('How many times larger the picture is than the first.'),
    width: edge.optional().describe('Of the first picture, in pixels. Goes with height.'),
    height: edge.optional().describe('Of the first picture, in pixels. Goes with width.'),
    strength: z
      .number()
      .gt(0)
      .max(1)
      .default(0.5)
      .describe('How far the second pass goes from the enlarged picture, over 0 to 1. Absent: 0.5.'),
    steps: z.int().min(1).max(1000).optional().describe('Of the second pass. Absent: as many as the first.'),
  })
  .refine(
    ({ scale, width, height }) =>
      (width === undefined) === (height === undefined) && (scale === undefined || width === undefined),
    'takes a scale, or a width and a height, or none of them',
  );

const commonOptions = z.strictObject({
  clipSkip: z
    .int()
    .min(0)
    .max(11)
    .default(0)
    .describe(
      'Last layers of the text encoder to leave out, for the negative prompt too unless promptStyle is plain. Absent: none.',
    ),
  guidanceRescale: z
    .number()
    .min(0)
    .max(1)
    .default(0)
    .describe('How far to undo the overexposure of high guidance, 0 to 1. Absent: 0.'),
  guidanceStart: z
    .number()
    .min(0)
    .max(1)
    .default(0)
    .describe('From which share of the steps on there is guidance, 0 to 1. Absent: 0, the first step.'),
  guidanceEnd: z
    .number()
    .min(0)
    .max(1)
    .default(1)
    .describe(
      'Until which share of the steps there is guidance, 0 to 1; the steps after it take half of the time. Absent: 1, the last step.',
    ),
  deepCacheInterval: z
    .int()
    .min(1)
    .max(10)
    .default(1)
    .describe(
      'Where the denoising network is a UNet: of so many of its calls one runs all of it, and the others take what its deep layers made of that one (DeepCache), 1 to 10: sooner, and other images. Absent: 1, each runs all of it.',
    ),
  eta: z.number().min(0).max(1).default(0).describe("DDIM's share of fresh noise, 0 to 1. Absent: 0."),
  timestepSpacing: z
    .enum(timestepSpacings)
    .optional()
    .describe(
      "How steps are spread over the training's timesteps. Absent: as the model's scheduler config says.",
    ),
  predictionType: z
    .enum(predictionTypes)
    .optional()
    .describe(
      'What the denoising network was trained to predict, where the files of the model do not say it or say it wrongly. Absent: as they say.',
    ),
  precision: z
    .enum(arithmeticSettings)
    .optional()
    .describe(
      'exact: computed as the weights say, so that a seed means what it means elsewhere. fast: the denoising network mostly in int8, on a processor; images differ a little. auto: fast where that is sooner done on this processor, measured once, else exact. Absent: exact where the request has a seed, else auto.',
    ),
  promptStyle: z
    .enum(promptStyles)
    .default('weighted')
    .describe(
      'weighted: (word:1.3), [word] and BREAK have their meaning of Automatic1111, and prompts may be of up to 32 chunks, each of 75 tokens. interpolated: (word:1.3) has its meaning of ComfyUI, and all else is text. plain: brackets are text, and what is too long is cut off, as diffusers does. Absent: weighted.',
    ),
  promptEditing: z
    .boolean()
    .default(true)
    .describe(
      'Whether [before:after:0.5], [after:12], [before::0.5] and [one|other] change a prompt from step to step, as in Automatic1111. Absent: yes.',
    ),
  promptComposition: z
    .boolean()
    .default(true)
    .describe(
      'Whether "one AND other:1.2" composes an image of several prompts with weights, as in Automatic1111. Absent: yes.',
    ),
  embeddings: z
    .array(
      z.strictObject({
        path: absolutePath.describe('Absolute path of a .safetensors file.'),
        word: z
          .string()
          .trim()
          .min(1)
          .max(100)
          .optional()
          .describe("What stands for it in a prompt. Absent: the file's own token, or its name."),
      }),
    )
    .max(32)
    .default([])
    .describe('Textual inversions: words that were learned as vectors. Absent: none.'),
  loras: z
    .array(
      z.strictObject({
        path: absolutePath.describe(
          'Absolute path of a .safetensors file, or of the folder that PEFT saved it in.',
        ),
        weight: z.number().min(-10).max(10).default(1).describe('1 is the whole of it. Absent: 1.'),
      }),
    )
    .max(16)
    .refine((loras) => new Set(loras.map(({ path }) => path)).size === loras.length, 'names a file twice')
    .default([])
    .describe(
      'What changes the weights of the model. Other weights of the same LoRAs load nothing. Absent: none.',
    ),
  vae: absolutePath
    .optional()
    .describe(
      "Absolute path of another autoencoder: a diffusers folder, or a .safetensors file. Absent: the model's own.",
    ),
  tinyDecoder: z
    .strictObject({
      path: absolutePath.describe(
        "Absolute path of a TAESD: a folder in diffusers' layout, or a .safetensors file.",
      ),
      use: z
        .enum(['previews', 'always'])
        .default('previews')
        .describe(
          'always: it makes the pictures as well, in a hundredth of the time and a little less sharp. Absent: previews.',
        ),
    })
    .optional()
    .describe('A small decoder that was made for latents of the model. Absent: none.'),
  refiner: z
    .strictObject({
      path: absolutePath.describe('Absolute path of its diffusers folder or .safetensors file.'),
      switchAt: z
        .number()
        .gt(0)
        .lt(1)
        .default(0.8)
        .describe('The share of the noise schedule after which it takes over, between 0 and 1. Absent: 0.8.'),
    })
    .optional()
    .describe('Another model with the same latents, which finishes the picture. Absent: none.'),
  hiresFix: hiresFix
    .optional()
    .describe(
      "Text to image at a smaller size first, enlarged with Lanczos's kernel, then image to image at the size asked for, with the same seed: large pictures without doubled motifs. Without a size the first picture has about as many pixels as the model's default, in the shape asked for. Absent: one pass.",
    ),
});
/** Provider options: those that all families read, checked, and those that only some do. */
export type Options = z.output<typeof commonOptions> & Readonly<Record<string, unknown>>;
export type HiresFix = z.output<typeof hiresFix>;

/** The plugin's provider options, with those that only some of the families read. */
export function optionsSchemaOf(families: readonly Family[]): z.ZodType<Options> {
  const shapes = families.map(({ options }) => options);
  // Its type is known from here on only in part: which families there are is data.
  const schema: z.ZodType = commonOptions.extend(Object.assign({}, ...shapes));
  return schema as z.ZodType<Options>;
}
