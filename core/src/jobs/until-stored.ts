import { setTimeout as delay } from 'node:timers/promises';
import { EaselError } from '@easel/plugin-sdk';

const firstPauseMs = 500;
const longestPauseMs = 5_000;

export const isStorageError = (error: unknown): error is EaselError =>
  EaselError.isInstance(error) && error.code === 'ERR_STORAGE';

/**
 * Writes something down, again and again where the storage does not take it now. Rejects with any other
 * error, and with the storage's once the signal aborts.
 *
 * @param onRefusal told of each refusal
 */
export async function untilStored<T>(
  write: () => Promise<T>,
  signal: AbortSignal,
  onRefusal: (error: EaselError) => void = () => {},
): Promise<T> {
  for (let pauseMs = firstPauseMs; ; pauseMs = Math.min(2 * pauseMs, longestPauseMs)) {
    try {
      return await write();
    } catch (error) {
      if (!isStorageError(error)) throw error;
      onRefusal(error);
      await delay(pauseMs, undefined, { signal }).catch(() => {
        throw error;
      });
    }
  }
}
