import { atom } from 'nanostores';
import type { ApiError } from '../api/call.js';

/** What stands on the stage: an image of a job. Absent: the newest. */
export interface Focus {
  readonly job: string;
  readonly index: number;
}

const read = (): Focus | undefined => {
  const [, job, index = '0'] = /^#job=([\w-]+?)(?:\.(\d+))?$/.exec(location.hash) ?? [];
  return job === undefined ? undefined : { job, index: Number(index) };
};

export const $focus = atom<Focus | undefined>(read());

/** Why the last request was not accepted, which then stands there instead. Absent: it was. */
export const $refusal = atom<ApiError | undefined>();

/** Shows an image of a job, and has the address say so. */
export function showJob(job: string, index = 0): void {
  $refusal.set(undefined);
  $focus.set({ job, index });
  history.replaceState(history.state, '', `${location.pathname}${location.search}#job=${job}.${index}`);
}
