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
      if (!isPassing(error) || failures >= tries - 1) throw asUnavailable(error);
      const asked = EaselError.isInstance(error) ? error.retryAfterMs : undefined;
      if ((asked ?? 0) > longestPauseMs) throw error;
      await pause(asked ?? firstPauseMs * 2 ** failures);
    }
  }
}

const isPassing = (error: unknown): boolean =>
  EaselError.isInstance(error) ? error.retryable : isNetworkError(error);

/** fetch wraps what happened to a socket. */
function isNetworkError(error: unknown): boolean {
  const { cause, code } = error as { cause?: { code?: string }; code?: string };
  return cause?.code !== undefined || (code?.startsWith('UND_') ?? false);
}

function asUnavailable(error: unknown): unknown {
  if (EaselError.isInstance(error) || !isNetworkError(error)) return error;
  const { cause, message } = error as { cause?: Error; message: string };
  return new EaselError({
    code: 'ERR_PROVIDER_UNAVAILABLE',
    message: `The hub cannot be reached: ${cause?.message || message}.`,
    hint: 'Check the network, and HF_ENDPOINT if it is set; what has come so far is kept.',
    cause: error,
  });
}
