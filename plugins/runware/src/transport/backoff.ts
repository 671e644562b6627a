/** Milliseconds of the first pause, at most, and of any. */
const firstMs = 400;
const longestMs = 15_000;

/**
 * A pause before another try, drawn at random from a range that doubles with each failure before it ("full
 * jitter"), so that many clients do not all come back at the same moment.
 *
 * @param failures tries that failed in a row; 0: no pause
 */
export function backoffMs(failures: number, random: () => number): number {
  return failures <= 0 ? 0 : random() * Math.min(longestMs, firstMs * 2 ** (failures - 1));
}
