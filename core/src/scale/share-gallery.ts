import type { DatabaseThread } from '../jobs/database/database-thread.js';
import type { StoredJob } from '../jobs/job.js';

/** Whoever wants to know of each job that has ended at any of the servers. */
export interface EndFollower {
  /** Those of some jobs that it does not know of. */
  unknown(ids: readonly string[]): Promise<string[]>;
  take(job: StoredJob): Promise<void>;
}

/** Jobs that end at any of the servers. */
export interface JobEnds {
  /** Tells of each job when it has ended, and of the last 5,000 that have ended while nobody could tell. */
  follow(follower: EndFollower): void;
}

/** Has the gallery of this server show what any of them has made. */
export function shareGallery(ends: JobEnds, images: DatabaseThread['imageTable']): void {
  ends.follow({
    unknown: (ids) => images.unknownJobs(ids),
    async take({ id, caller, result, endedAt = Date.now() }) {
      if (result) await images.add(caller, id, result, endedAt);
    },
  });
}
