import { EaselError } from '@easel/plugin-sdk';
import type { TaskState } from '@easel/plugin-sdk/provider';
import { z } from 'zod';

export const statusSchema = z.object({
  status: z.enum(['IN_QUEUE', 'IN_PROGRESS', 'COMPLETED']),
  /** Where it has failed. */
  error: z.unknown().optional(),
});

const imageSchema = z.object({ url: z.string().min(1) });
const resultSchema = z.union([
  z.object({
    images: z.array(imageSchema).min(1),
    seed: z.int().nonnegative().nullish(),
    has_nsfw_concepts: z.array(z.boolean()).nullish(),
  }),
  z
    .object({ image: imageSchema, seed: z.int().nonnegative().nullish() })
    .transform(({ image, seed }) => ({ images: [image], seed, has_nsfw_concepts: undefined })),
]);

/** What a model has answered. Images that it calls unsafe are black ones: they are left out, and told. */
export function readResult(json: unknown): Exclude<TaskState, { kind: 'waiting' }> {
  const { success, data } = resultSchema.safeParse(json);
  if (!success)
    return failed('ERR_PROVIDER_BAD_RESPONSE', 'fal has ended a request without an image in its answer.');
  const flagged = data.has_nsfw_concepts ?? [];
  const images = data.images.filter((_, index) => flagged[index] !== true);
  const held = data.images.length - images.length;
  if (images.length === 0)
    return failed('ERR_CONTENT_REFUSED', 'fal has held the image back on grounds of content.');
  return {
    kind: 'made',
    images,
    details: {
      // A larger one than the contract has was drawn by fal.
      ...(typeof data.seed === 'number' && data.seed < 2 ** 32 && held === 0 ? { seeds: [data.seed] } : {}),
      ...(held > 0 ? { warnings: [`fal has held ${held} images back on grounds of content.`] } : {}),
    },
  };
}

const failed = (code: 'ERR_CONTENT_REFUSED' | 'ERR_PROVIDER_BAD_RESPONSE', message: string) => ({
  kind: 'failed' as const,
  failure: new EaselError({ code, message: `${message} It may have been paid.`, mayBePaid: true }),
});
