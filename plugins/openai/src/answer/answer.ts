/**
 * What servers answer, as far as it is read here. Fields that are added later do no harm, and one that is not
 * as it should be is as if it were not there: an answer that is paid is not thrown away for it.
 *
 * @module
 */
import { z } from 'zod';

const lenient = <Schema extends z.ZodType>(schema: Schema) => schema.nullish().catch(undefined);
const count = z.number().nonnegative().catch(0).default(0);
const tokens = z.object({ text_tokens: count, image_tokens: count });

const usageSchema = z.object({
  input_tokens: count,
  input_tokens_details: lenient(tokens),
  output_tokens: count,
  output_tokens_details: lenient(tokens),
  /** xAI: ten thousand millionths of a US dollar. */
  cost_in_usd_ticks: lenient(z.number().nonnegative()),
});
export type Usage = z.output<typeof usageSchema>;

const pictureSchema = z.object({
  b64_json: lenient(z.string()),
  url: lenient(z.string()),
  revised_prompt: lenient(z.string()),
  /** xAI: false where the content is refused, with status 200. */
  respect_moderation: lenient(z.boolean()),
});
export type AnsweredPicture = z.output<typeof pictureSchema>;

const usage = lenient(usageSchema);

export const answerSchema = z.union([
  z.object({ data: z.array(pictureSchema).min(1), usage }),
  // The last event of a stream.
  pictureSchema
    .extend({ usage })
    .refine(({ b64_json }) => b64_json)
    .transform(({ usage: used, ...picture }) => ({ data: [picture], usage: used })),
]);
export type Answer = z.output<typeof answerSchema>;
