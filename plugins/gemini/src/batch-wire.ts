/**
 * What Google tells of files and batches, as far as it is read here: ai.google.dev/api/files,
 * ai.google.dev/api/batch-api. Fields that are added later do no harm.
 *
 * @module
 */
import { z } from 'zod';

/** Whole numbers of 64 bits are strings in Google's JSON. */
const count = z.coerce.number().int().nonnegative().catch(0).default(0);
const time = z.iso.datetime({ offset: true }).optional().catch(undefined);

export const fileSchema = z.object({ name: z.string().min(1), uri: z.url().optional() });

/** A file at Google, with the address that requests name it by. */
export interface GoogleFile {
  readonly name: string;
  readonly uri: string;
}

export const uploadSchema = z.object({ file: fileSchema });

/** google.rpc.Status. */
export const statusSchema = z.object({ code: z.number().int().default(13), message: z.string().default('') });

const output = z.object({ responsesFile: z.string().optional() }).optional();

/** A long-running operation, whose metadata is the batch. */
export const operationSchema = z.object({
  name: z.string().regex(/^batches\//),
  metadata: z
    .object({
      displayName: z.string().optional(),
      state: z.string().optional(),
      createTime: time,
      inputConfig: z.object({ fileName: z.string().optional() }).optional().catch(undefined),
      batchStats: z
        .object({ requestCount: count, successfulRequestCount: count, failedRequestCount: count })
        .optional(),
      output,
    })
    .default({}),
  response: output,
  error: statusSchema.optional(),
});
export type Operation = z.output<typeof operationSchema>;

export const listSchema = z.object({
  operations: z.array(z.unknown()).default([]),
  nextPageToken: z.string().optional(),
});

/** A line of a file of results. */
export const resultLineSchema = z.object({
  key: z.string().min(1),
  response: z.unknown().optional(),
  error: statusSchema.optional(),
});
