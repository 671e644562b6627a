import type { Logger } from '../plugin.js';
import type { Progress } from '../result.js';
import type { BatchDriver } from './driver.js';
import { isPassing } from './failures.js';
import type { BatchJournal } from './journal/batch-journal.js';
import type { BatchRecord } from './journal/record.js';
import type { Line } from './line.js';
import type { BatchSettings } from './settings.js';

/** What all batches have in common. */
export interface Surroundings {
  readonly driver: BatchDriver;
  readonly settings: BatchSettings;
  readonly logger: Logger;
  /** Aborted when the plugin is closed. */
  readonly stop: AbortSignal;
  /** Puts lines into another batch. */
  readonly gatherAgain: (lines: readonly Line[]) => void;
}

/** A batch, as the steps of its way see it. */
export interface Work extends Surroundings {
  readonly journal: BatchJournal;
  readonly record: BatchRecord;
  readonly lines: readonly Line[];
  /** Whether nobody wants any of its lines. */
  readonly isAbandoned: boolean;
  /** Resolves when a change is on disk; what follows from it is done only then. */
  save(change: Partial<BatchRecord>): Promise<void>;
  /** Waits; ends early when the batch is abandoned. Throws the stop signal's reason. */
  pause(ms: number): Promise<void>;
  /** Tells everybody who waits; `tell` is given the place of a line. */
  report(tell: (place: number) => Progress): void;
}

const growth = 1.5;

/** Milliseconds to wait, half as long again each time. */
export function* growingPauses({ firstPollMs, longestPollMs }: BatchSettings): Generator<number, never> {
  for (let ms = firstPollMs; ; ms = Math.min(longestPollMs, ms * growth)) yield Math.round(ms);
}

/** A provider that asks for a longer pause has the call fail: the kernel may know another. */
const longestAskedMs = 60_000;
/** With the default pauses they reach over an outage of seven minutes. */
const attempts = 12;

/**
 * Tries until it succeeds, has failed {@link attempts} times in ways that may pass, or fails in one that does
 * not.
 */
export async function persevere<T>(work: Work, attempt: () => Promise<T>): Promise<T> {
  const pauses = growingPauses(work.settings);
  for (let tries = 1; ; tries++) {
    try {
      return await attempt();
    } catch (error) {
      work.stop.throwIfAborted();
      if (!isPassing(error) || tries >= attempts || (error.retryAfterMs ?? 0) > longestAskedMs) throw error;
      work.logger.warn(`${error.message} It is tried again.`, { batch: work.record.id });
      await work.pause(Math.max(pauses.next().value, error.retryAfterMs ?? 0));
    }
  }
}
