/**
 * What services answer that have OpenAI's files and batches, as far as it is read here:
 * platform.openai.com/docs/api-reference/batch. Fields that are added later do no harm.
 *
 * @module
 */
import { z } from 'zod';

const id = z.string().min(1);

export const fileSchema = z.object({ id, filename: z.string().nullish() });

const count = z.number().int().nonnegative().catch(0).default(0);

export const batchSchema = z.object({
  id,
  status: z.string(),
  input_file_id: z.string().nullish(),
  output_file_id: z.string().nullish(),
  error_file_id: z.string().nullish(),
  created_at: z.number().nullish(),
  expires_at: z.number().nullish(),
  request_counts: z.object({ total: count, completed: count, failed: count }).nullish().catch(undefined),
  metadata: z.record(z.string(), z.unknown()).nullish().catch(undefined),
  errors: z
    .object({
      data: z
        .array(
          z.object({
            code: z.string().nullish(),
            message: z.string().nullish(),
            line: z.number().int().nullish(),
          }),
        )
        .nullish(),
    })
    .nullish()
    .catch(undefined),
});
export type OpenAiBatch = z.output<typeof batchSchema>;

/** A page of files or of batches. */
export const listSchema = z.object({ data: z.array(z.unknown()), has_more: z.boolean().nullish() });

/** A line of an output file or of an error file. */
export const outputLineSchema = z.object({
  custom_id: id,
  response: z.object({ status_code: z.number().int(), body: z.unknown() }).nullish(),
  error: z.unknown(),
});

export const imagesSchema = z.object({
  data: z.array(z.object({ b64_json: z.string().nullish(), url: z.string().nullish() })).min(1),
});
