import { z } from 'zod';
import { jsonSchema } from '../json.js';

/**
 * Paid work of a call: a task that is about to be sent, or has been. What it shows is not written down, only
 * its hash.
 */
export const taskRecordSchema = z.object({
  version: z.literal(1),
  /** Our own. */
  id: z.uuid(),
  /** Milliseconds since 1970. */
  writtenAt: z.number().nonnegative(),
  /** Of all that it asks for. */
  fingerprint: z.string().regex(/^[0-9a-f]{64}$/),
  /** Id of the call that it is of. Absent: the call had none. */
  requestId: z.string().optional(),
  /** The provider's id of the model, for people. */
  model: z.string(),
  /** Images that it makes. */
  count: z.int().positive(),
  /**
   * Nobody waits for it any more: its call was cancelled, or has failed without knowing what became of it.
   */
  isAbandoned: z.boolean().default(false),
  /**
   * What the provider has answered when it took the task, such as its id there. Absent: nothing has come yet,
   * or our own id is enough.
   */
  ticket: jsonSchema.optional(),
});
export type TaskRecord = z.output<typeof taskRecordSchema>;

/** A task that is about to begin. */
export type NewTask = Omit<TaskRecord, 'version' | 'isAbandoned'>;

/** What tells a task that may be taken up again. */
export interface TaskIdentity {
  /** Hash of all that is asked for. */
  readonly fingerprint: string;
  /** Id of the call. Absent: nobody resumes the call. */
  readonly requestId?: string | undefined;
  /** Whether another call that asks for the same would get the same images, as with a seed. */
  readonly isRepeatable: boolean;
}
