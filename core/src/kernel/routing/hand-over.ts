import { withCancellation } from '../guard/with-cancellation.js';
import type { PendingReceipt } from '../runner/receipt.js';

/**
 * Lets the caller take a result into safe keeping, and settles the receipt by whether that went well. Rejects
 * with what the caller's function rejects with, or with the signal's reason; the receipt then waits for the
 * function all the same.
 */
export async function handOver<Result>(
  result: Result,
  onResult: ((result: Result) => Promise<unknown> | unknown) | undefined,
  receipt: PendingReceipt,
  signal: AbortSignal,
): Promise<void> {
  if (!onResult) return receipt.settle(true);
  const work = (async () => void (await onResult(result)))();
  void work.then(
    () => receipt.settle(true),
    () => receipt.settle(false),
  );
  await withCancellation(work, signal, () => {}).answer;
}
