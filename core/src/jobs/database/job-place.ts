/** Jobs of a state that has no end yet. */
export interface JobBacklog {
  readonly state: 'queued' | 'running';
  readonly count: number;
  /** When the first of them was accepted. Absent: there are none. */
  readonly oldest?: number;
}
