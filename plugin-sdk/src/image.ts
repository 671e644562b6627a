import { z } from 'zod';

/** Seeds are 32 bits wide, as torch's generators are. */
export const seedLimit = 2 ** 32 - 1;

/** Formats that plugins make images in. */
export const generatedFormats = ['png', 'jpeg', 'webp'] as const;
/** Those that callers may ask for; the kernel makes AVIF of what a plugin gives. */
export const outputFormats = [...generatedFormats, 'avif'] as const;
export type OutputFormat = (typeof outputFormats)[number];

/** Encoded pictures cross every boundary as bytes; base64 exists only at the edge of a door that needs it. */
export const imageBytesSchema = z
  .instanceof(Uint8Array)
  .refine((bytes) => bytes.byteLength > 0, 'is empty')
  .describe('The encoded file, whole; at least one byte.');

/** A picture that a caller hands in: to start from, or as a mask. */
export const inputImageSchema = z.strictObject({
  bytes: imageBytesSchema,
  mediaType: z
    .enum(['image/png', 'image/jpeg', 'image/webp'])
    .describe('What the bytes are. Required: nothing is guessed from the content.'),
});
export type InputImage = z.infer<typeof inputImageSchema>;

/** A picture that came out. */
export const imageSchema = z.object({
  bytes: imageBytesSchema,
  mediaType: z
    .string()
    .regex(/^image\/[a-z0-9.+-]+$/)
    .describe('Media type of the bytes: `image/png`, `image/jpeg`, `image/webp` or `image/avif`.'),
  width: z.int().positive().describe('Width in pixels, as encoded.'),
  height: z.int().positive().describe('Height in pixels, as encoded.'),
  seed: z
    .int()
    .min(0)
    .max(seedLimit)
    .optional()
    .describe('Seed that makes this picture again with `n: 1`. Absent: the provider has no seeds.'),
});
export type Image = z.infer<typeof imageSchema>;
