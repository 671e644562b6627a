/**
 * What some models at fal take: a field that is not here is refused. Written from fal's documentation, and
 * not from what the plugin sends.
 *
 * @module
 */
import { z } from 'zod';

const named = { square_hd: [1024, 1024], square: [512, 512], landscape_4_3: [1024, 768] } as const;
const edge = z.int().min(16).max(14_142);
const size = z.union([
  z.enum(Object.keys(named) as (keyof typeof named)[]),
  z.strictObject({ width: edge, height: edge }),
]);
const common = {
  prompt: z.string().min(1),
  seed: z.int().nonnegative().optional(),
  num_images: z.int().min(1).max(4).optional(),
  sync_mode: z.boolean().optional(),
  enable_safety_checker: z.boolean().optional(),
  output_format: z.enum(['jpeg', 'png']).optional(),
};
const image = z.string().regex(/^(data:|https?:)/, 'must be an address');

type Input = Readonly<{ [name: string]: unknown }>;

export const models: Readonly<{ [path: string]: z.ZodType<Input> }> = {
  'fal-ai/flux/schnell': z.strictObject({
    ...common,
    image_size: size.optional(),
    num_inference_steps: z.int().min(1).max(12).optional(),
    guidance_scale: z.number().min(1).max(20).optional(),
    acceleration: z.enum(['none', 'regular', 'high']).optional(),
  }),
  'fal-ai/flux/dev': z.strictObject({
    ...common,
    image_size: size.optional(),
    num_inference_steps: z.int().min(1).max(50).optional(),
    guidance_scale: z.number().min(1).max(20).optional(),
    acceleration: z.enum(['none', 'regular', 'high']).optional(),
  }),
  'fal-ai/qwen-image': z.strictObject({
    ...common,
    image_size: size.optional(),
    negative_prompt: z.string().optional(),
    num_inference_steps: z.int().min(2).max(250).optional(),
    guidance_scale: z.number().min(0).max(20).optional(),
    acceleration: z.enum(['none', 'regular', 'high']).optional(),
  }),
  'fal-ai/flux-pro/kontext': z.strictObject({
    ...common,
    enable_safety_checker: z.undefined().optional(),
    image_url: image,
    guidance_scale: z.number().min(1).max(20).optional(),
    safety_tolerance: z.enum(['1', '2', '3', '4', '5', '6']).optional(),
    aspect_ratio: z.enum(['21:9', '16:9', '4:3', '3:2', '1:1', '2:3', '3:4', '9:16', '9:21']).optional(),
  }),
};

/** Pixels of an image. */
export function sizeOf(asked: unknown): { width: number; height: number } {
  if (typeof asked === 'object' && asked !== null) return asked as { width: number; height: number };
  const [width, height] = named[(asked ?? 'square_hd') as keyof typeof named];
  return { width, height };
}
