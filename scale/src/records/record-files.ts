import {
  askedPluginSchema,
  describeFailure,
  type FixedChoices,
  fixedChoicesSchema,
  type JobError,
  type JobResult,
  jobErrorSchema,
  jobResultSchema,
  jobStates,
  type StoredJob,
  wantedSchema,
} from '@easel/core/scale';
import type { EaselError } from '@easel/plugin-sdk';
import { z } from 'zod';

const time = z.number().min(0).max(8.64e15);

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

/** What was accepted. Written before the job is in any queue; after that only its priority changes. */
export const jobFileSchema = z.object({
  id: z.string(),
  caller: z.string(),
  priority: z.number(),
  request: z.string().refine(isJson, 'is not JSON'),
  fixed: fixedChoicesSchema.optional(),
  /** Of the queue. Absent: a server of an older version has accepted it. */
  lane: z.string().optional(),
  webhook: z.string().optional(),
  createdAt: time,
  /** On the clock of the queue, when it is begun no more. Absent: it is begun whenever. */
  startBefore: time.optional(),
});
export type JobFile = z.output<typeof jobFileSchema>;

/** The one end of a job. Written once, by whoever is first. */
export const endFileSchema = z.object({
  state: z.enum(jobStates),
  result: jobResultSchema.optional(),
  error: jobErrorSchema.optional(),
  endedAt: time,
  startedAt: time.optional(),
  /** Who wrote it. */
  owner: z.string(),
});
export type EndFile = Omit<z.output<typeof endFileSchema>, 'result' | 'error'> & {
  readonly result?: JobResult | undefined;
  readonly error?: JobError | undefined;
};

/**
 * Who was asked last, and may have been paid. Only the server that has written it first, and those on its
 * storage folder, may ask anybody.
 */
export const askedFileSchema = z.object({
  asked: askedPluginSchema,
  /** The storage folder in which the plugin has written down what it has begun. */
  storageId: z.string(),
});
export type AskedFile = z.output<typeof askedFileSchema>;

/** What a worker needs to do a job. */
export interface JobToDo {
  readonly job: JobFile;
  readonly fixed: FixedChoices | undefined;
  /** Who was asked last, and where. Undefined: nobody was. */
  readonly asked: AskedFile | undefined;
  /** What its grid has made. */
  readonly soFar: JobResult | undefined;
}

export const keys = {
  job: (id: string) => `jobs/${id}/job.json`,
  end: (id: string) => `jobs/${id}/end.json`,
  soFar: (id: string) => `jobs/${id}/so-far.json`,
  asked: (id: string) => `jobs/${id}/asked.json`,
  fixed: (id: string) => `jobs/${id}/fixed.json`,
  open: (id: string) => `open/${id}`,
} as const;

/** A job as its files tell it. */
export function describeFiles(job: JobFile, end: EndFile | undefined, soFar?: JobResult): StoredJob {
  const { id, caller, priority, createdAt, startBefore, webhook } = job;
  const outcome = end && outcomeOf(end);
  const given = { startBefore, webhook, wanted: wantedOf(job), ...outcome, result: outcome?.result ?? soFar };
  const present = Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined));
  return { id, caller, priority, createdAt, state: 'queued', ...present };
}

/** A job whose record cannot be read has failed, so that it hides no other. Whose it was is not known. */
export const describeDamaged = (id: string, damage: EaselError): StoredJob => ({
  ...{ id, caller: '', priority: 0, state: 'failed', createdAt: 0, isUnreadable: true },
  error: describeFailure(damage),
});

/** An end that cannot be read: nobody can end the job another time. */
export const damagedEnd = (damage: EaselError): EndFile => ({
  ...{ state: 'failed', error: describeFailure(damage), endedAt: 0, owner: '' },
});

const outcomeOf = ({ state, result, error, startedAt, endedAt }: EndFile) => ({
  ...{ state, result, error, startedAt, endedAt },
});

function wantedOf({ request, fixed }: JobFile): StoredJob['wanted'] {
  const { data } = wantedSchema.safeParse(JSON.parse(request));
  return data && { ...data, ...(fixed && { model: fixed.model.id, seed: fixed.seed }) };
}
