import { createHook } from 'node:async_hooks';
import { setTimeout as pause } from 'node:timers/promises';

interface Resource {
  readonly kind: string;
  /** Whether it keeps the process alive. */
  hasRef(): boolean;
}

const pauseMs = 20;

/**
 * Watches for timers, sockets, threads and processes that are made while some work is done, and that are
 * still there afterwards. Counting `process.getActiveResourcesInfo()` before and after would not do:
 * another's timer that ends meanwhile would hide one that is left.
 */
export class ResourceWatch implements Disposable {
  readonly #made = new Map<number, Resource>();
  #isOver = false;
  readonly #hook = createHook({
    init: (id, kind, _, resource) => {
      const { hasRef } = resource as { hasRef?: () => boolean };
      if (this.#isOver || typeof hasRef !== 'function') return;
      this.#made.set(id, { kind, hasRef: () => hasRef.call(resource) });
    },
    destroy: (id) => {
      this.#made.delete(id);
    },
  }).enable();

  /**
   * What keeps the process alive although the work is over and `graceMs` have passed: "2 Timeout", a kind
   * each.
   */
  async leftOver(graceMs: number): Promise<string[]> {
    this.#isOver = true;
    const until = performance.now() + graceMs;
    while (this.#count().size > 0 && performance.now() < until) await pause(pauseMs);
    return [...this.#count()].map(([kind, count]) => `${count} ${kind}`);
  }

  [Symbol.dispose](): void {
    this.#hook.disable();
  }

  #count(): ReadonlyMap<string, number> {
    const counts = new Map<string, number>();
    for (const resource of this.#made.values())
      if (resource.hasRef()) counts.set(resource.kind, (counts.get(resource.kind) ?? 0) + 1);
    return counts;
  }
}
