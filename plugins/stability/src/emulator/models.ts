/**
 * What some addresses of Stability AI take: a field that is not here is refused. Written from its
 * documentation, and not from what the plugin sends.
 *
 * @module
 */
import { z } from 'zod';

const ratios = ['16:9', '1:1', '21:9', '2:3', '3:2', '4:5', '5:4', '9:16', '9:21'] as const;
const between = (low: number, high: number) =>
  z.string().refine((text) => text !== '' && Number(text) >= low && Number(text) <= high, 'is out of bounds');
const common = {
  prompt: z.string().min(1).max(10_000),
  negative_prompt: z.string().max(10_000).optional(),
  seed: between(0, 4_294_967_294).optional(),
  output_format: z.enum(['png', 'jpeg', 'webp']).optional(),
};
const ratio = { aspect_ratio: z.enum(ratios).optional() };
const style = { style_preset: z.enum(['photographic', 'anime', 'line-art', 'pixel-art']).optional() };
const file = z.instanceof(File).optional();
const strength = between(0, 1).optional();

type Form = Readonly<{ [name: string]: string | File | undefined }>;
const needsStrength = (form: Form) => (form.image === undefined) === (form.strength === undefined);
const together = 'image and strength come together';

export const models: Readonly<{ [path: string]: z.ZodType<Form> }> = {
  'stable-image/generate/core': z.strictObject({ ...common, ...ratio, ...style }),
  'stable-image/generate/ultra': z
    .strictObject({ ...common, ...ratio, ...style, image: file, strength })
    .refine(needsStrength, together),
  'stable-image/generate/sd3': z
    .strictObject({
      ...{ ...common, ...ratio, ...style, image: file, strength },
      model: z.enum(['sd3.5-large', 'sd3.5-large-turbo', 'sd3.5-medium']).optional(),
      mode: z.enum(['text-to-image', 'image-to-image']).optional(),
      cfg_scale: between(1, 10).optional(),
    })
    .refine(needsStrength, together)
    .refine(
      ({ mode, image, aspect_ratio: shape }) =>
        mode === 'image-to-image' ? image !== undefined && shape === undefined : image === undefined,
      'mode does not fit',
    ),
  'stable-image/edit/inpaint': z.strictObject({
    ...{ ...common, ...style, image: z.instanceof(File), mask: file },
    grow_mask: between(0, 20).optional(),
  }),
};

/** Pixels of an image of about a megapixel. */
export function sizeOf(shape: string | File | undefined): { width: number; height: number } {
  const [width = 1, height = 1] = String(shape ?? '1:1')
    .split(':')
    .map(Number);
  const scale = Math.sqrt(1024 ** 2 / (width * height));
  return { width: Math.round((width * scale) / 64) * 64, height: Math.round((height * scale) / 64) * 64 };
}
