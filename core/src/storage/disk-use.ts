import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import type { DiskPart } from './disk-parts.js';

export interface UsedDisk extends DiskPart {
  readonly bytes: number;
}

/** Milliseconds for which a measurement counts. */
const freshMs = 60_000;

/** How much is on disk. It is measured on a thread of its own, at most once a minute, by whoever asks. */
export class DiskUse {
  readonly #parts: () => readonly DiskPart[];
  #measured: readonly UsedDisk[] = [];
  #begunAt = Number.NEGATIVE_INFINITY;

  /** @param parts what is measured */
  constructor(parts: () => readonly DiskPart[]) {
    this.#parts = parts;
  }

  /** What was measured last, at once; empty before the first measurement has ended. */
  latest(): readonly UsedDisk[] {
    if (performance.now() - this.#begunAt > freshMs) {
      this.#begunAt = performance.now();
      // Where the thread cannot be started or ends, what is known stays; the next one is a minute away.
      void this.#measure().catch(() => {});
    }
    return this.#measured;
  }

  async #measure(): Promise<void> {
    const parts = this.#parts();
    const worker = new Worker(new URL('./measure-disk.js', import.meta.url), {
      workerData: parts.map(({ paths }) => paths),
      execArgv: [],
    });
    worker.unref();
    const [sizes] = (await once(worker, 'message')) as [readonly number[]];
    this.#measured = parts.map((part, index) => ({ ...part, bytes: sizes[index] ?? 0 }));
  }
}
