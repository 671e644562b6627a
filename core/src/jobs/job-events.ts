import { EventEmitter } from 'node:events';
import { EaselError, type Progress } from '@easel/plugin-sdk';
import { hasEnded, type JobState, type StoredJob } from './job.js';
import type { JobPlace, JobRecords } from './job-records.js';

/**
 * What listeners of a job are told: how far it is, that it has changed its state, or that its end cannot be
 * written down now.
 */
export type JobEvent =
  | { readonly type: 'progress'; readonly progress: Progress }
  | { readonly type: 'state'; readonly job: StoredJob }
  | { readonly type: 'stuck'; readonly error: EaselError };

/** An event with the job that it is about. */
export type AnyJobEvent = JobEvent & { readonly id: string };

const any = Symbol('any job');

/**
 * Tells listeners of their jobs, wherever those are worked on: what happens here at once, and what other
 * servers have written down of them now and then.
 */
export class JobEvents {
  readonly #records: Pick<JobRecords, 'get' | 'places'>;
  readonly #own: () => Iterable<string>;
  readonly #onPlace: (id: string, place: JobPlace | undefined) => void;
  readonly #emitter = new EventEmitter().setMaxListeners(0);
  /** The state that the listeners of a job were last told. Undefined: none yet. */
  readonly #told = new Map<string, JobState | undefined>();
  readonly #lookMs: number;
  #timer: NodeJS.Timeout | undefined;
  #isLooking = false;

  /**
   * @param own ids of the jobs that this server works on
   * @param onPlace told where each of those is by the database. Undefined: it is gone
   * @param lookMs milliseconds between two looks at what other servers have written down
   */
  constructor(
    records: Pick<JobRecords, 'get' | 'places'>,
    own: () => Iterable<string>,
    onPlace: (id: string, place: JobPlace | undefined) => void,
    lookMs = 500,
  ) {
    this.#lookMs = lookMs;
    this.#records = records;
    this.#own = own;
    this.#onPlace = onPlace;
  }

  start(): void {
    this.#timer ??= setInterval(() => void this.#look(), this.#lookMs).unref();
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  /** Calls the listener for each event of a job; the function that it answers takes it off again. */
  listen(id: string, listener: (event: JobEvent) => void): () => void {
    this.#emitter.on(id, listener);
    if (!this.#told.has(id)) this.#told.set(id, undefined);
    return () => {
      this.#emitter.off(id, listener);
      if (this.#emitter.listenerCount(id) === 0) this.#told.delete(id);
    };
  }

  /**
   * Calls the listener for each event of the jobs that are accepted or worked on here; the function that it
   * answers takes it off again.
   */
  listenToAll(listener: (event: AnyJobEvent) => void): () => void {
    this.#emitter.on(any, listener);
    return () => void this.#emitter.off(any, listener);
  }

  /** Whether anybody listens to a job. */
  isHeard(id: string): boolean {
    return this.#emitter.listenerCount(id) + this.#emitter.listenerCount(any) > 0;
  }

  tell(id: string, event: JobEvent): void {
    if (event.type === 'state' && this.#told.has(id)) this.#told.set(id, event.job.state);
    this.#emitter.emit(id, event);
    this.#emitter.emit(any, { ...event, id });
  }

  /**
   * Resolves when a job has ended; undefined where there is none. Rejects with the signal's reason, and with
   * ERR_STORAGE where its end cannot be written down now.
   */
  async ended(id: string, signal: AbortSignal): Promise<StoredJob | undefined> {
    let off = () => {};
    let onAbort = () => {};
    const told = new Promise<StoredJob>((resolve, reject) => {
      off = this.listen(id, (event) => {
        if (event.type === 'stuck') reject(event.error);
        if (event.type === 'state' && hasEnded(event.job)) resolve(event.job);
      });
      onAbort = () => reject(signal.reason);
      signal.addEventListener('abort', onAbort);
      if (signal.aborted) onAbort();
    });
    // It may be settled before it is waited for.
    told.catch(() => {});
    try {
      const known = await this.#records.get(id);
      return known === undefined || hasEnded(known) ? known : await told;
    } finally {
      off();
      signal.removeEventListener('abort', onAbort);
    }
  }

  async #look(): Promise<void> {
    const own = new Set(this.#own());
    const ids = [...new Set([...own, ...this.#told.keys()])];
    if (this.#isLooking || ids.length === 0) return;
    this.#isLooking = true;
    try {
      const places = new Map((await this.#records.places(ids)).map((place) => [place.id, place]));
      for (const id of own) this.#onPlace(id, places.get(id));
      for (const id of ids) {
        // Listeners come and go while the database is asked; who has come meanwhile was not asked about.
        if (!this.#told.has(id)) continue;
        const [state, place] = [this.#told.get(id), places.get(id)];
        if (place === undefined) this.tell(id, { type: 'stuck', error: gone(id) });
        else if (place.state !== state) await this.#tellState(id, place.state);
      }
    } catch {
      // Nothing can be read now; the next look may.
    } finally {
      this.#isLooking = false;
    }
  }

  async #tellState(id: string, state: JobState): Promise<void> {
    const isFirst = this.#told.get(id) === undefined;
    // Who has just begun to listen has read the state by itself.
    if (isFirst && (state === 'queued' || state === 'running')) return void this.#told.set(id, state);
    const job = await this.#records.get(id);
    if (job && this.#told.has(id) && this.#told.get(id) !== job.state) this.tell(id, { type: 'state', job });
  }
}

const gone = (id: string) =>
  new EaselError({
    code: 'ERR_STORAGE',
    message: `The job ${id} is in the database no longer.`,
    hint: 'Submit it again.',
  });
