import type { JobRecords } from './job-records.js';

/** What a job under way writes down. */
export interface WorkRecords extends Pick<JobRecords, 'fix' | 'noteAsked' | 'noteCell' | 'end'> {
  /** Puts a job back that could not be finished now. */
  putBack(id: string, owner: string): Promise<void>;
  /**
   * Puts a job off that its provider has no room for now, and was not paid for. False: it has been put off
   * often enough, and fails. Absent: each fails.
   */
  putOff?(id: string, owner: string, retryAfterMs: number | undefined): Promise<boolean>;
}
