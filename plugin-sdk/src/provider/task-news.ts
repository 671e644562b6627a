import { setTimeout as pause } from 'node:timers/promises';
import { linkSignals } from '../link-signals.js';

/** Tasks that are waited for, and whether something new has been told of them. */
export class TaskNews {
  readonly #expected = new Map<string, AbortController>();

  /** Takes news of a task from now on, until {@link forget}. */
  expect(task: string): void {
    this.#expected.set(task, new AbortController());
  }

  forget(task: string): void {
    this.#expected.delete(task);
  }

  isExpected(task: string): boolean {
    return this.#expected.has(task);
  }

  /** Ends the pause before the next question about a task: the present one, or the one that comes. */
  tell(task: string): void {
    this.#expected.get(task)?.abort();
  }

  /** Waits so many milliseconds, or until there is news of a task. Rejects when the signal is aborted. */
  async wait(task: string, milliseconds: number, signal: AbortSignal): Promise<void> {
    const news = this.#expected.get(task)?.signal;
    const { signal: either, unlink } = linkSignals([signal, news]);
    try {
      await pause(milliseconds, undefined, { signal: either });
    } catch (error) {
      if (signal.aborted || !news?.aborted) throw error;
      // What is told once makes for one question at once.
      this.expect(task);
    } finally {
      unlink();
    }
  }
}
