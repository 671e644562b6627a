import { z } from 'zod';

/** Names of files are made of these. */
const name = z.string().regex(/^[A-Za-z0-9-]{1,100}$/);
const time = z.number().nonnegative();

/**
 * How far a batch is. Each is on disk before the step that it names is taken: `creating` means that the
 * provider may have the batch, and may be paid for it, although no answer of it has come.
 */
export const stages = ['written', 'uploading', 'uploaded', 'creating', 'created', 'ended'] as const;
export type Stage = (typeof stages)[number];

export const recordSchema = z.object({
  version: z.literal(1),
  /** Our own, by which the provider's file and batch are found again. */
  id: name,
  /** Where its lines go. */
  target: z.record(z.string(), z.string()),
  stage: z.enum(stages),
  /** Milliseconds since 1970, as all times here. */
  writtenAt: time,
  /** When the batch was last asked for, or that last failed. Absent: not yet. */
  askedAt: time.optional(),
  /** When it ended. Absent: not yet. */
  endedAt: time.optional(),
  /** The provider's. Absent: not known yet. */
  fileId: z.string().optional(),
  batchId: z.string().optional(),
  /** Nobody wants it any more. */
  isCancelled: z.boolean().default(false),
  lines: z
    .array(
      z.object({
        /** The `custom_id` of the line. */
        customId: name,
        fingerprint: z.string(),
        /** Of the call. Absent: it had none. */
        requestId: z.string().optional(),
        seed: z.int().nonnegative().optional(),
      }),
    )
    .min(1),
});
export type BatchRecord = z.output<typeof recordSchema>;
