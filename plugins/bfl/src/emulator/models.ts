/**
 * What some models at Black Forest Labs take: a field that is not here is refused. Written from its
 * documentation, and not from what the plugin sends.
 *
 * @module
 */
import { z } from 'zod';

const edge = z.int().min(64).max(4096).multipleOf(16).optional();
/** An address, or base64 without the head of a data URI. */
const image = z.string().regex(/^(https?:\/\/|[A-Za-z0-9+/]+={0,2}$)/, 'must be an address or base64');
const common = {
  prompt: z.string().min(1),
  seed: z.int().nonnegative().nullish(),
  safety_tolerance: z.int().min(0).max(6).optional(),
  output_format: z.enum(['jpeg', 'png']).optional(),
  webhook_url: z.url().nullish(),
  webhook_secret: z.string().nullish(),
};
const references = Object.fromEntries(
  ['input_image', ...[2, 3, 4, 5, 6, 7, 8].map((number) => `input_image_${number}`)].map((name) => [
    name,
    image.optional(),
  ]),
);
const withSize = (limit: number) => (schema: z.ZodObject) =>
  schema.refine(
    ({ width, height }) => Number(width ?? 1024) * Number(height ?? 1024) <= limit,
    'has too many pixels',
  );
const flux2 = { ...common, ...references, width: edge, height: edge };
const steps = z.int().min(1).max(50).optional();

type Input = Readonly<{ [name: string]: unknown }>;

export const models: Readonly<{ [path: string]: z.ZodType<Input> }> = {
  'flux-2-pro': withSize(4_194_304)(z.strictObject(flux2)),
  'flux-2-flex': withSize(4_194_304)(
    z.strictObject({ ...flux2, steps, guidance: z.number().min(1.5).max(10).optional() }),
  ),
  'flux-kontext-pro': z.strictObject({
    ...common,
    ...references,
    aspect_ratio: z
      .string()
      .regex(/^\d+:\d+$/)
      .optional(),
    prompt_upsampling: z.boolean().optional(),
  }),
  'flux-pro-1.0-fill': z.strictObject({
    ...common,
    image,
    mask: image.optional(),
    steps: z.int().min(15).max(50).optional(),
    guidance: z.number().min(1.5).max(100).optional(),
    prompt_upsampling: z.boolean().optional(),
  }),
};

/** Credits. */
export const costs: Readonly<{ [path: string]: number }> = {
  'flux-2-pro': 3,
  'flux-2-flex': 6,
  'flux-kontext-pro': 4,
  'flux-pro-1.0-fill': 5,
};
