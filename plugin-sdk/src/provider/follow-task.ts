import { EaselError } from '../errors.js';
import { aborted } from '../paid/failures.js';
import type { TaskDriver, TaskState } from './task-driver.js';
import type { TaskSettings } from './task-settings.js';

export interface FollowOptions<Ticket> {
  readonly driver: TaskDriver<Ticket>;
  readonly ticket: Ticket;
  readonly settings: Pick<TaskSettings, 'firstPollMs' | 'longestPollMs' | 'silenceMs'>;
  /** Waits between two questions; rejects when the signal is aborted. */
  readonly pause: (milliseconds: number, signal: AbortSignal) => Promise<void>;
  readonly signal: AbortSignal;
  /** Told of 0 to 1 of it. */
  readonly onProgress: (fraction: number) => void;
}

const growth = 1.5;

/**
 * Asks how a task is until it has ended: at first often, then more rarely, and as the provider says where it
 * says so. What may pass is asked again, until nothing has been heard for `silenceMs`.
 *
 * @throws EaselError ERR_ABORTED, or with `mayBePaid` where it cannot be told what became of the task
 */
export async function followTask<Ticket>(
  options: FollowOptions<Ticket>,
): Promise<Exclude<TaskState, { kind: 'waiting' }>> {
  const { driver, ticket, settings, pause, signal, onProgress } = options;
  let heardAt = performance.now();
  for (let pauseMs = settings.firstPollMs; ; pauseMs = Math.min(pauseMs * growth, settings.longestPollMs)) {
    let state: TaskState;
    try {
      state = await driver.poll(ticket, signal);
      heardAt = performance.now();
    } catch (error) {
      if (signal.aborted) throw aborted();
      const silentMs = performance.now() - heardAt;
      if (!mayPass(error) || silentMs > settings.silenceMs) throw outOfReach(driver.name, error);
      state = { kind: 'waiting', pauseMs: error.retryAfterMs };
    }
    if (state.kind !== 'waiting') return state;
    if (state.fraction !== undefined) onProgress(state.fraction);
    // A provider that names a long pause is asked in between all the same.
    const wait = Math.min(state.pauseMs ?? pauseMs, Math.max(settings.longestPollMs, pauseMs));
    await pause(wait, signal).catch(() => {
      throw aborted();
    });
  }
}

const mayPass = (error: unknown): error is EaselError =>
  EaselError.isInstance(error) &&
  (error.code === 'ERR_PROVIDER_UNAVAILABLE' || error.code === 'ERR_PROVIDER_RATE_LIMITED');

/** It has begun, and cannot be asked about: the same call may ask again, and nobody else is to be paid. */
function outOfReach(name: string, error: unknown): EaselError {
  const known = EaselError.isInstance(error) ? error : undefined;
  return new EaselError({
    code: known?.code ?? 'ERR_PROVIDER_BAD_RESPONSE',
    message: `A task that ${name} has taken cannot be asked about: ${(error as Error).message} It may have been paid.`,
    hint: 'Send the same call again, under the same id: it takes up the task, and does not pay twice.',
    retryAfterMs: known?.retryAfterMs,
    mayBePaid: true,
    cause: error,
  });
}
