import { atom } from 'nanostores';

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

/** Shows an image of a job, and has the address say so. */
export function showJob(job: string, index = 0): void {
  $focus.set({ job, index });
  history.replaceState(history.state, '', `${location.pathname}${location.search}#job=${job}.${index}`);
}
