import type { Preview } from '@easel/plugin-sdk';

/** Ended jobs whose last looks are still shown to those who were told of them just before the end. */
const mostEnded = 8;

/** The last look at each unfinished image, by job. */
export class JobPreviews {
  readonly #jobs = new Map<string, Map<number, Preview>>();
  readonly #ended = new Set<string>();

  set(id: string, preview: Preview): void {
    this.#jobs.set(id, (this.#jobs.get(id) ?? new Map()).set(preview.index, preview));
  }

  /** By the index of the image; empty where there are none. */
  of(id: string): readonly Preview[] {
    return [...(this.#jobs.get(id)?.values() ?? [])];
  }

  /** Those of a job that has ended go when other jobs have. */
  end(id: string): void {
    if (!this.#jobs.has(id)) return;
    this.#ended.add(id);
    const [first] = this.#ended;
    if (first === undefined || this.#ended.size <= mostEnded) return;
    this.#ended.delete(first);
    this.#jobs.delete(first);
  }
}
