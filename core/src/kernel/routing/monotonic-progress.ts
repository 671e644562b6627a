import type { Progress } from '@easel/plugin-sdk';

/**
 * Passes progress on so that the fraction never falls, nothing comes after the end, and a listener that
 * throws harms nobody.
 */
export function monotonic(listener: ((progress: Progress) => void) | undefined): {
  report(progress: Progress): void;
  end(): void;
} {
  let fraction = 0;
  let ended = listener === undefined;
  return {
    report(progress) {
      if (ended) return;
      fraction = Math.max(fraction, progress.fraction);
      try {
        listener?.({ ...progress, fraction });
      } catch {
        ended = true;
      }
    },
    end() {
      ended = true;
    },
  };
}
