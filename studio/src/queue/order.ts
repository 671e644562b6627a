import { ApiError } from '../api/call.js';
import { setPriority } from '../api/jobs.js';
import type { Job } from '../api/schemas.js';
import { putJob, refreshJobs } from '../live/jobs.js';
import { showToast } from '../shell/toast.js';

type Waiting = Pick<Job, 'id' | 'priority' | 'created_at'>;

/**
 * Priorities by which the server begins jobs in this order: it takes the highest first, and of equal ones the
 * oldest.
 */
export function prioritiesFor(jobs: readonly Waiting[]): ReadonlyMap<string, number> {
  let priority = Math.max(...jobs.map((job) => job.priority));
  return new Map(
    jobs.map(({ id, created_at }, place) => {
      const before = jobs[place - 1];
      if (before && `${before.created_at}` >= `${created_at}`) priority--;
      return [id, priority];
    }),
  );
}

/** What the server is told comes one after the other. */
let telling = Promise.resolve();

/** Moves a waiting job by so many places; the others stay in their order. */
export async function moveJob(waiting: readonly Job[], id: string, by: -1 | 1): Promise<void> {
  const place = waiting.findIndex((job) => job.id === id);
  const ordered = [...waiting];
  const [moved] = ordered.splice(place, 1);
  if (!moved) return;
  ordered.splice(place + by, 0, moved);
  const wanted = prioritiesFor(ordered);
  const changed = waiting.flatMap((job) => {
    const priority = wanted.get(job.id) ?? job.priority;
    return priority === job.priority ? [] : [{ ...job, priority }];
  });
  // The next press goes on from here, whether the server has answered or not.
  for (const job of changed) putJob(job);
  const told = telling.then(() => Promise.all(changed.map(({ id, priority }) => setPriority(id, priority))));
  telling = told.then(
    () => {},
    () => {},
  );
  try {
    await told;
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    // One that has begun meanwhile has no place any more, which the list shows.
    if (error.problem.code !== 'job_has_begun') showToast({ text: error.message });
    await refreshJobs();
  }
}
