import { z } from 'zod';
import { type JobState, jobStates, type StoredJob } from '../../jobs/job.js';

/** What a caller has had of the events of a job. */
export interface EventPlace {
  readonly state: JobState;
  /** How far it was. Absent: nothing was told of that. */
  readonly fraction?: number;
}

const placeSchema = z.object({
  state: z.enum(jobStates),
  fraction: z.coerce.number().min(0).max(1).optional(),
});

/**
 * The id of an event: it says where the job was, and so means the same at every server that is asked for the
 * events that come after it.
 */
export const eventIdOf = ({ state, fraction }: EventPlace): string =>
  fraction === undefined ? state : `${state}:${fraction}`;

/** What the header `Last-Event-ID` says. Undefined: nothing that a server of ours has sent. */
export function readEventId(header: string | readonly string[] | undefined): EventPlace | undefined {
  const [state, fraction] = String(header).split(':');
  const { data } = placeSchema.safeParse({ state, ...(fraction !== undefined && { fraction }) });
  return data as EventPlace | undefined;
}

/** Whether a caller that has had that much has had the state of a job. */
export const hasHad = (had: EventPlace | undefined, { state }: Pick<StoredJob, 'state'>): boolean =>
  had?.state === state;
