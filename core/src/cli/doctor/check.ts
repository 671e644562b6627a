import { z } from 'zod';

/** One thing that was looked at. */
export const checkSchema = z.object({
  name: z.string().min(1).max(200),
  ok: z.boolean(),
  /** What was found. */
  detail: z.string().max(10_000),
  /** What to do about it. Absent: nothing. */
  fix: z.string().max(10_000).optional(),
  /** Whether everything else works without it. Absent: it does not. */
  optional: z.boolean().optional(),
});
export type Check = z.infer<typeof checkSchema>;

/** What a plugin's diagnosis answers. */
export const diagnosisSchema = z.object({ checks: z.array(checkSchema).max(1000) });
