/**
 * What a caller may ask for, the same for every provider.
 *
 * @module
 */
import { z } from 'zod';
import { controlSchema } from './control.js';
import { inputImageSchema, outputFormats } from './image.js';
import { jsonSchema } from './json.js';
import { promptLimit, requestParameters } from './parameters.js';

/** Pixels. Models narrow these limits; nothing may exceed them. */
export const edgeLimits = { minimum: 8, maximum: 16_384 } as const;

const edge = z.int().min(edgeLimits.minimum).max(edgeLimits.maximum);

export const imageRequestSchema = z.strictObject({
  prompt: z
    .string()
    .min(1)
    .max(promptLimit)
    .describe('What the picture should show; 1 to 32,000 characters. Required.'),
  model: z
    .string()
    .min(1)
    .max(200)
    .optional()
    .describe("Id of a model in the catalogue. Absent: the kernel's current model."),
  width: edge
    .optional()
    .describe(
      "Width in pixels. Absent: the model's default. Rounded to the model's multiple with a warning; refused outside of the model's range.",
    ),
  height: edge.optional().describe("Height in pixels; same rule as `width`. Absent: the model's default."),
  expandPrompt: z
    .boolean()
    .optional()
    .describe(
      'Whether `{one|other}` and `__wildcard__` in the prompts are replaced by one of what they stand for, chosen by the seed, the same for all images. Absent: as the configuration says, and yes without.',
    ),
  n: z.int().min(1).max(32).default(1).describe('How many pictures, 1 to 32. Absent: 1.'),
  ...requestParameters,
  outputFormat: z.enum(outputFormats).default('png').describe('File format of the pictures. Absent: png.'),
  outputQuality: z
    .int()
    .min(0)
    .max(100)
    .optional()
    .describe(
      'Quality of JPEG, WebP and AVIF files, 0 (smallest) to 100; dropped with a warning for PNG, which loses nothing. Absent: one at which no eye sees a loss.',
    ),
  inputImages: z
    .array(inputImageSchema)
    .max(16)
    .default([])
    .describe(
      'Pictures to start from or to edit, up to 16; refused where the model takes fewer. Absent: text to image.',
    ),
  mask: inputImageSchema
    .optional()
    .describe(
      'Where to paint: white is painted anew, black is kept; brought to the size of the first input image with a warning where it has another. Absent: the whole picture.',
    ),
  keepUnmasked: z
    .boolean()
    .default(false)
    .describe(
      "Whether what the mask keeps is pasted back from the input image, pixel by pixel. Absent: no, it is the model's own version of it.",
    ),
  maskBlur: z
    .number()
    .min(0)
    .max(256)
    .default(0)
    .describe(
      "Standard deviation, in pixels of the input image, of the blur of the mask's edge, 0 to 256. Absent: 0.",
    ),
  maskFill: z
    .enum(['image', 'surroundings'])
    .default('image')
    .describe(
      'What lies under the mask when painting begins: the input image, or the colours around the mask, blurred into it. Absent: image.',
    ),
  maskPadding: z
    .int()
    .min(0)
    .max(edgeLimits.maximum)
    .optional()
    .describe(
      'Paints the surroundings of the mask alone, with so many pixels around it: they are cut out, painted at `width` x `height` and pasted back; the result has the size of the input image. Absent: the whole image is painted.',
    ),
  control: z
    .array(controlSchema)
    .max(8)
    .default([])
    .describe('Images to follow by ControlNets, up to 8; refused where the model takes fewer. Absent: none.'),
  previews: z
    .int()
    .min(0)
    .max(10)
    .default(0)
    .describe(
      'How many looks at each unfinished picture come with the progress, 0 to 10; providers that have none send none. Absent: 0.',
    ),
  providerOptions: z
    .record(z.string(), z.record(z.string(), jsonSchema))
    .default({})
    .describe(
      'Options that only one provider knows, by plugin id; validated by that plugin, ignored by all others. Absent: none.',
    ),
  fallback: z
    .enum(['none', 'same-model', 'any'])
    .default('same-model')
    .describe(
      'Who may take over where the first candidate cannot: nobody; other plugins that handle the model; or also the models that the configuration names under `fallbacks`. Absent: same-model.',
    ),
  prefer: z
    .enum(['cheapest', 'fastest', 'local'])
    .optional()
    .describe(
      'Whom to ask first of those who have the model, at any provider: the one with the lowest estimated cost; the one whose calls took the shortest lately; or one that costs nothing. Absent: by priority.',
    ),
  maxCost: z
    .number()
    .min(0)
    .max(1_000_000)
    .optional()
    .describe(
      'US dollars that the call may cost by the estimate of the plugin, made before it is asked; who would cost more, or whose price is not known, is not asked. Absent: no limit.',
    ),
  timeoutMs: z
    .int()
    .min(1)
    .max(24 * 3_600_000)
    .optional()
    .describe(
      "Milliseconds until the call is given up, waiting included, at most a day. Absent: the plugin's `runtime.callMs`.",
    ),
});

/** A request as callers write it: only `prompt` is required. */
export type ImageRequest = z.input<typeof imageRequestSchema>;
/** A request after validation, defaults of the contract filled in. */
export type ValidImageRequest = z.output<typeof imageRequestSchema>;
