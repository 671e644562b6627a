import { EaselError, type HubSource } from '@easel/plugin-sdk';
import type { JobError } from '../jobs/job.js';
import { describeFailure } from '../jobs/job-end.js';
import type { HubSettings } from './hub-settings.js';
import { installWhole } from './install-whole.js';

/** An install as people see it. */
export interface ModelInstall {
  /** Of the catalogue. */
  readonly model: string;
  /** Of the entry's variants. Absent: the model itself. */
  readonly variant?: string;
  readonly state: 'running' | 'paused' | 'installed' | 'failed';
  readonly bytes: number;
  /** Absent: not known yet. */
  readonly totalBytes?: number;
  /** Of the last seconds. Absent: too little has come to tell, or nothing comes. */
  readonly bytesPerSecond?: number;
  /** There once it has failed. */
  readonly error?: JobError;
}

export interface WantedInstall extends Pick<ModelInstall, 'model' | 'variant'> {
  /** Of the model, or of its variant. */
  readonly source: HubSource;
}

interface Sample {
  readonly atMs: number;
  readonly bytes: number;
}

/** Milliseconds over which the speed is measured, and at least. */
const windowMs = 10_000;
const leastMs = 1_000;

/**
 * The installs that a server was asked for since it started. One that is paused, or that the end of the
 * server cuts off, goes on where it was once it is asked for again: what has come lies in the cache.
 */
export class ModelInstalls {
  readonly #readSettings: () => HubSettings;
  readonly #installs = new Map<string, ModelInstall>();
  readonly #running = new Map<
    string,
    { readonly controller: AbortController; readonly done: Promise<void> }
  >();

  constructor(readSettings: () => HubSettings) {
    this.#readSettings = readSettings;
  }

  list(): ModelInstall[] {
    return [...this.#installs.values()];
  }

  get(model: string): ModelInstall | undefined {
    return this.#installs.get(model);
  }

  /** Begins an install, or goes on with one. One that runs stays as it is. */
  begin({ model, variant, source }: WantedInstall): ModelInstall {
    const known = this.#installs.get(model);
    if (known && this.#running.has(model)) return known;
    const what = variant === undefined ? { model } : { model, variant };
    const bytes = known?.variant === variant ? known?.bytes : undefined;
    const begun = this.#set({ ...what, state: 'running', bytes: bytes ?? 0 });
    const controller = new AbortController();
    const done = this.#run(what, source, controller.signal).finally(() => this.#running.delete(model));
    this.#running.set(model, { controller, done });
    return begun;
  }

  /** Stops an install that runs; what has come is kept. Undefined: there is none. */
  async pause(model: string): Promise<ModelInstall | undefined> {
    const running = this.#running.get(model);
    running?.controller.abort(
      new EaselError({ code: 'ERR_ABORTED', message: `The install of ${model} is paused.` }),
    );
    await running?.done;
    return this.#installs.get(model);
  }

  async close(): Promise<void> {
    await Promise.all([...this.#running.keys()].map((model) => this.pause(model)));
  }

  async #run(
    what: Pick<ModelInstall, 'model' | 'variant'>,
    source: HubSource,
    signal: AbortSignal,
  ): Promise<void> {
    const samples: Sample[] = [];
    let last: Pick<ModelInstall, 'bytes' | 'totalBytes'> = {
      bytes: this.#installs.get(what.model)?.bytes ?? 0,
    };
    try {
      const { bytes } = await installWhole(source, this.#readSettings(), {
        signal,
        onProgress: ({ bytes, totalBytes }) => {
          last = { bytes, totalBytes };
          const speed = speedOf(samples, { atMs: performance.now(), bytes });
          this.#set({
            ...what,
            state: 'running',
            ...last,
            ...(speed === undefined ? {} : { bytesPerSecond: speed }),
          });
        },
      });
      this.#set({ ...what, state: 'installed', bytes, totalBytes: bytes });
    } catch (error) {
      if (signal.aborted) this.#set({ ...what, state: 'paused', ...last });
      else this.#set({ ...what, state: 'failed', ...last, error: describeFailure(error) });
    }
  }

  #set(install: ModelInstall): ModelInstall {
    this.#installs.set(install.model, install);
    return install;
  }
}

/** Bytes a second over the last seconds. */
function speedOf(samples: Sample[], now: Sample): number | undefined {
  const newest = samples.at(-1);
  // Small files are there at once, and files that were there already: that is no speed.
  if (!newest || now.atMs - newest.atMs >= leastMs / 4) samples.push(now);
  while (samples[0] && now.atMs - samples[0].atMs > windowMs) samples.shift();
  const [oldest] = samples;
  if (!oldest || now.atMs - oldest.atMs < leastMs) return undefined;
  return Math.round((1_000 * (now.bytes - oldest.bytes)) / (now.atMs - oldest.atMs));
}
