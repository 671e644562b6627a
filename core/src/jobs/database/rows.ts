import { z } from 'zod';
import { askedPluginSchema, fixedChoicesSchema } from '../../kernel/routing/fixed-request.js';
import { type BegunJob, type JobError, type JobResult, jobStates, type StoredJob } from '../job.js';
import { wantedSchema } from '../wanted.js';

/** What a job is listed by; its request is only looked at. */
export const listedColumns = `id, caller, priority, state, result, error, webhook, created_at, start_before, started_at, ended_at,
  json_valid(request) AS is_readable,
  CASE WHEN json_valid(request) THEN json_remove(request, '$.inputImages', '$.mask', '$.control', '$.providerOptions') END AS wanted,
  CASE WHEN json_valid(fixed) THEN json_extract(fixed, '$.model.id') END AS fixed_model,
  CASE WHEN json_valid(fixed) THEN json_extract(fixed, '$.seed') END AS fixed_seed`;
export const allColumns = `${listedColumns}, request, fixed, asked`;

const time = z.number().min(0).max(8.64e15);
/** JSON in a column. */
const jsonOf = <T>(schema: z.ZodType<T>) =>
  z
    .string()
    .transform((text, context): unknown => {
      try {
        return JSON.parse(text);
      } catch {
        context.addIssue({ code: 'custom', message: 'is not JSON' });
        return z.NEVER;
      }
    })
    .pipe(schema);

/** A value that is told as it was written; what it takes to tell it is checked by `shape`. */
const written = <T>(shape: z.ZodType) =>
  z.custom<T>().superRefine((value, context) => {
    for (const { path, message } of shape.safeParse(value).error?.issues ?? [])
      context.addIssue({ code: 'custom', path: [...path], message });
  });

export const jobResultSchema = written<JobResult>(
  z.object({
    images: z.array(z.object({ name: z.string(), mediaType: z.string() })),
    warnings: z.array(z.unknown()),
    timings: z.record(z.string(), z.number()),
    provenance: z.looseObject({}),
  }),
);
export const jobErrorSchema = written<JobError>(z.object({ code: z.string(), message: z.string() }));

const rowSchema = z.object({
  id: z.string(),
  caller: z.string(),
  priority: z.number(),
  state: z.enum(jobStates),
  result: jsonOf(jobResultSchema).nullable(),
  error: jsonOf(jobErrorSchema).nullable(),
  webhook: z.string().nullable(),
  created_at: time,
  start_before: time.nullable(),
  started_at: time.nullable(),
  ended_at: time.nullable(),
  is_readable: z.literal(1, { error: 'request: is not JSON' }),
  wanted: jsonOf(wantedSchema).nullable().catch(null),
  fixed_model: z.string().nullable().catch(null),
  fixed_seed: z.number().nullable().catch(null),
  request: z.string().optional(),
  fixed: jsonOf(fixedChoicesSchema).nullish(),
  asked: jsonOf(askedPluginSchema).nullish(),
});

/** A job as a row has it. One that cannot be read is a job that has failed, so that it hides no other. */
export function readJob(row: unknown): StoredJob & Partial<BegunJob> {
  const parsed = rowSchema.safeParse(row);
  if (!parsed.success) return unreadable(row as Record<string, unknown>, parsed.error);
  const { id, caller, priority, state, created_at: createdAt, request, ...columns } = parsed.data;
  const { result, error, webhook, fixed, asked, started_at: startedAt, ended_at: endedAt } = columns;
  const { start_before: startBefore, fixed_model: model, fixed_seed: seed } = columns;
  const wanted = columns.wanted && {
    ...columns.wanted,
    ...(model && { model }),
    ...(seed !== null && { seed }),
  };
  const given = { result, error, webhook, fixed, asked, startBefore, startedAt, endedAt, request, wanted };
  const present = Object.fromEntries(Object.entries(given).filter(([, value]) => value != null));
  return { id, caller, priority, state, createdAt, ...present };
}

function unreadable(row: Readonly<Record<string, unknown>>, { issues }: z.ZodError): StoredJob {
  const [issue] = issues;
  const what = [issue?.path.join('.'), issue?.message].filter(Boolean).join(': ');
  const id = String(row.id);
  return {
    id,
    caller: String(row.caller),
    priority: 0,
    state: 'failed',
    createdAt: time.catch(0).parse(row.created_at),
    error: {
      code: 'ERR_STORAGE',
      message: `The row of the job ${id} in jobs.db cannot be read (${what}).`,
      hint: 'Submit the job again.',
    },
    isUnreadable: true,
  };
}
