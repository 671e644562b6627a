import type { Preview, Progress } from '@easel/plugin-sdk';

/** A call that is being made. */
export interface Task {
  readonly id: string;
  /** Id of the key that it came with; empty without keys. */
  readonly caller: string;
  readonly startedAt: Date;
  readonly images: number;
  readonly controller: AbortController;
  progress: Progress | undefined;
  preview: Preview | undefined;
  /** How each image looked last, by its index. */
  readonly previews: Map<number, Preview>;
}

/**
 * The calls that Automatic1111's API is making: its clients ask for the newest one's progress, and stop it.
 */
export class Tasks {
  readonly #tasks = new Set<Task>();

  /** Makes a call one that can be asked for, and stopped, until it has ended. */
  async run<Result>(
    about: Pick<Task, 'id' | 'caller' | 'images'>,
    work: (task: Task, onProgress: (progress: Progress) => void) => Promise<Result>,
  ): Promise<Result> {
    const task: Task = {
      ...about,
      startedAt: new Date(),
      controller: new AbortController(),
      progress: undefined,
      preview: undefined,
      previews: new Map(),
    };
    this.#tasks.add(task);
    try {
      return await work(task, (progress) => {
        task.progress = progress;
        const { preview } = progress;
        if (!preview) return;
        task.preview = preview;
        task.previews.set(preview.index, preview);
      });
    } finally {
      this.#tasks.delete(task);
    }
  }

  /** Those of a caller, in the order in which they have come. */
  of(caller: string): Task[] {
    return [...this.#tasks].filter((task) => task.caller === caller);
  }

  /**
   * Cancels what a caller has asked for: the oldest, which is the one being made, or all. Answers how many.
   */
  interrupt(caller: string, which: 'oldest' | 'all'): number {
    const tasks = this.of(caller).slice(0, which === 'oldest' ? 1 : undefined);
    for (const { controller } of tasks) controller.abort(new Error('It was interrupted by its caller.'));
    return tasks.length;
  }
}

const secondMs = 1_000;

/** Seconds until it is done, if it goes on as it has gone. */
export function secondsLeft({ startedAt, progress }: Task): number {
  const fraction = progress?.fraction ?? 0;
  if (fraction <= 0) return 0;
  const elapsed = (Date.now() - startedAt.getTime()) / secondMs;
  return Math.max(0, elapsed / fraction - elapsed);
}
