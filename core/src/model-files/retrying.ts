import { setTimeout as pause } from 'node:timers/promises';
import { EaselError } from '@easel/plugin-sdk';

const tries = 5;
const firstPauseMs = 500;
/**
 * The other side may ask for more than anybody wants to wait: then the call ends, and says when to come back.
 */
const longestPauseMs = 5 * 60_000;

/**
 * Does something again that a network let down, up to five times, with growing pauses or those that the other
 * side asks for.
 *
 * @param hasProgressed whether the last try came further than those before: then its count begins anew.
 * Absent: it never does
 */
export async function retrying<T>(work: () => Promise<T>, hasProgressed = () => false): Promise<T> {
  for (let failures = 0; ; failures++) {
    try {
      return await work();
    } catch (error) {
      if (hasProgressed()) failures = 0;
      if (!isPassing(error) || failures >= tries - 1) throw error;
      const asked = EaselError.isInstance(error) ? error.retryAfterMs : undefined;
      if ((asked ?? 0) > longestPauseMs) throw error;
      await pause(asked ?? firstPauseMs * 2 ** failures);
    }
  }
}

const isPassing = (error: unknown): boolean => EaselError.isInstance(error) && error.retryable;
