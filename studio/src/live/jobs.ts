import { atom, computed } from 'nanostores';
import * as z from 'zod/mini';
import { listJobs } from '../api/jobs.js';
import { type Job, jobPreviewSchema, jobProgressSchema, jobSchema } from '../api/schemas.js';
import { type LiveEvent, listenToServer } from './events.js';
import { type Pace, paceWith } from './pace.js';

/** A job with the last step of each of its images that can be looked at. */
export interface LiveJob extends Job {
  readonly looks: Readonly<Record<number, number>>;
  /** Absent: its images are not being made, or nothing was told of them yet. */
  readonly pace?: Pace | undefined;
}

const known = 200;

export const $jobs = atom<ReadonlyMap<string, LiveJob>>(new Map());
/** Whether the jobs have been read once. */
export const $isLoaded = atom(false);
/** Whether the server is there. */
export const $isConnected = atom(true);

const isActive = ({ state }: Job) => state === 'queued' || state === 'running';
/** Those that wait or run: first what runs, then by priority and age. */
export const $active = computed($jobs, (jobs) =>
  [...jobs.values()]
    .filter(isActive)
    .sort(
      (one, other) =>
        Number(other.state === 'running') - Number(one.state === 'running') ||
        other.priority - one.priority ||
        `${one.created_at}`.localeCompare(`${other.created_at}`),
    ),
);
/** The newest first. */
export const $ended = computed($jobs, (jobs) =>
  [...jobs.values()]
    .filter((job) => !isActive(job))
    .sort((one, other) => `${other.created_at}`.localeCompare(`${one.created_at}`)),
);

const withLooks = (job: Job, before: LiveJob | undefined): LiveJob => ({
  ...job,
  looks: before?.looks ?? Object.fromEntries((job.previews ?? []).map((index) => [index, 0])),
  pace: before?.pace,
});

/** What a job is, also where an older answer comes later. */
export function putJob(job: Job): void {
  const before = $jobs.get().get(job.id);
  if (before && !isActive(before) && isActive(job)) return;
  $jobs.set(new Map($jobs.get()).set(job.id, withLooks({ progress: before?.progress, ...job }, before)));
}

let isReading = false;
let readAgain = false;
let retry: ReturnType<typeof setTimeout> | undefined;
const retryMs = 2_000;

/** Reads the newest jobs; whatever is told in the meantime counts more. */
export async function refreshJobs(): Promise<void> {
  readAgain = true;
  if (isReading) return;
  isReading = true;
  try {
    while (readAgain) {
      readAgain = false;
      const listed = await listJobs(known);
      const before = $jobs.get();
      $jobs.set(
        new Map([
          ...listed.map((job) => {
            const old = before.get(job.id);
            const isOlder = old && !isActive(old) && isActive(job);
            return [job.id, isOlder ? old : withLooks(job, old)] as const;
          }),
        ]),
      );
      $isLoaded.set(true);
      $isConnected.set(true);
    }
  } catch {
    $isConnected.set(false);
    // The stream may be whole all the same, and then tells nothing when the network is back.
    clearTimeout(retry);
    retry = setTimeout(() => void refreshJobs(), retryMs);
  } finally {
    isReading = false;
  }
}

function apply({ type, data }: LiveEvent): void {
  if (type === 'lost') $isConnected.set(false);
  else if (type === 'ready') void refreshJobs();
  else if (type === 'state') putJob(z.parse(jobSchema, data));
  else if (type === 'progress') {
    const { id, ...progress } = z.parse(jobProgressSchema, data);
    // It runs, also where an answer of before that came later.
    const mark = { fraction: progress.fraction, atMs: performance.now() };
    const isMaking = progress.stage === 'generate';
    change(id, ({ pace }) => ({
      state: 'running',
      progress,
      pace: isMaking ? paceWith(pace, mark) : undefined,
    }));
  } else {
    const { id, index, step = 0 } = z.parse(jobPreviewSchema, data);
    change(id, ({ looks }) => ({ looks: { ...looks, [index]: step } }));
  }
}

/** Changes a job that has not ended. */
function change(id: string, make: (job: LiveJob) => Partial<LiveJob>): void {
  const jobs = $jobs.get();
  const job = jobs.get(id);
  if (job && isActive(job)) $jobs.set(new Map(jobs).set(id, { ...job, ...make(job) }));
}

/** Begins to watch the jobs of the server. */
export function watchJobs(): void {
  listenToServer(apply);
  void refreshJobs();
  // Jobs that another server has accepted, and what a sleeping device has missed.
  document.addEventListener('visibilitychange', () => document.hidden || void refreshJobs());
  // The stream may stay silent through either; a server on this machine is there without a network too.
  for (const type of ['offline', 'online']) addEventListener(type, () => void refreshJobs());
}
