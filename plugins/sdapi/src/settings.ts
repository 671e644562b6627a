import { jsonSchema } from '@easel/plugin-sdk';
import { addressSetting, milliseconds } from '@easel/plugin-sdk/provider';
import { z } from 'zod';

export const configSchema = z.strictObject({
  baseUrl: addressSetting('http://127.0.0.1:7860', 'Where the server is.'),
  requestMs: milliseconds(1_800_000, 7_200_000).describe(
    'Milliseconds within which the server must have made an image, loading its checkpoint included. Absent: 1,800,000.',
  ),
  progressMs: milliseconds(500, 60_000).describe(
    'Milliseconds between two questions of how far an image is. Absent: 500.',
  ),
  restoreCheckpoint: z
    .boolean()
    .default(true)
    .describe(
      'Whether the server goes back to its own checkpoint after an image of another one. No: calls for one model are faster, and the checkpoint that the people at the server see changes. Absent: yes.',
    ),
});
export type Config = z.output<typeof configSchema>;

export const optionsSchema = z.strictObject({
  clipSkip: z
    .int()
    .min(1)
    .max(12)
    .optional()
    .describe('Layers that the text encoder stops before its end. Absent: as the server is set.'),
  maskBlur: z
    .int()
    .min(0)
    .max(64)
    .default(0)
    .describe("Pixels by which the server blurs the mask, beside the request's own blur. Absent: 0."),
  body: z
    .record(z.string(), jsonSchema)
    .default({})
    .describe(
      'More fields of the request to the server, such as `enable_hr` or `alwayson_scripts`. Absent: none.',
    ),
});
export type Options = z.output<typeof optionsSchema>;
