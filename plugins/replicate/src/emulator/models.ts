/**
 * What some models at Replicate take: a field that is not here is refused. Written from Replicate's
 * documentation, and not from what the plugin sends.
 *
 * @module
 */
import { z } from 'zod';

const ratio = z.enum(['1:1', '16:9', '21:9', '3:2', '2:3', '4:5', '5:4', '3:4', '4:3', '9:16', '9:21']);
const format = z.enum(['webp', 'jpg', 'png']).optional();
const seed = z.int().nonnegative().optional();
const image = z.string().regex(/^(data:|https?:)/, 'must be an address');

type Input = Readonly<{ [name: string]: unknown }>;

export const models: Readonly<{ [name: string]: z.ZodType<Input> }> = {
  'black-forest-labs/flux-schnell': z.strictObject({
    prompt: z.string().min(1),
    aspect_ratio: ratio.optional(),
    num_outputs: z.int().min(1).max(4).optional(),
    num_inference_steps: z.int().min(1).max(4).optional(),
    seed,
    output_format: format,
    output_quality: z.int().min(0).max(100).optional(),
    disable_safety_checker: z.boolean().optional(),
    go_fast: z.boolean().optional(),
    megapixels: z.enum(['1', '0.25']).optional(),
  }),
  'black-forest-labs/flux-2-pro': z.strictObject({
    prompt: z.string().min(1),
    input_images: z.array(image).max(8).optional(),
    aspect_ratio: ratio.optional(),
    resolution: z.string().optional(),
    seed,
    safety_tolerance: z.int().min(1).max(5).optional(),
    output_format: format,
    output_quality: z.int().min(0).max(100).optional(),
  }),
  'qwen/qwen-image': z.strictObject({
    prompt: z.string().min(1),
    negative_prompt: z.string().optional(),
    aspect_ratio: z.enum(['1:1', '16:9', '9:16', '4:3', '3:4', '3:2', '2:3']).optional(),
    image_size: z.enum(['optimize_for_quality', 'optimize_for_speed']).optional(),
    num_inference_steps: z.int().min(1).max(50).optional(),
    guidance: z.number().min(0).max(10).optional(),
    seed,
    output_format: format,
    output_quality: z.int().min(0).max(100).optional(),
    enhance_prompt: z.boolean().optional(),
    go_fast: z.boolean().optional(),
    disable_safety_checker: z.boolean().optional(),
  }),
};

/** Pixels of an image of a shape, about a million. */
export function sizeOf(shape: unknown): { width: number; height: number } {
  const [wide = 1, high = 1] = String(shape ?? '1:1')
    .split(':')
    .map(Number);
  const multiple = (edge: number) => Math.round(edge / 16) * 16;
  return {
    width: multiple(1024 * Math.sqrt(wide / high)),
    height: multiple(1024 * Math.sqrt(high / wide)),
  };
}
