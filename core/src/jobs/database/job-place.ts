import type { JobState } from '../job.js';

/** Jobs of a state that has no end yet. */
export interface JobBacklog {
  readonly state: 'queued' | 'running';
  readonly count: number;
  /** When the first of them was accepted. Absent: there are none. */
  readonly oldest?: number;
}

/** Where a job is: its state, and the server that works on it. */
export interface JobPlace {
  readonly id: string;
  readonly state: JobState;
  readonly owner: string | null;
}
