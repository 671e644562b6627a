import { EaselError } from '../errors.js';
import { type BatchState, isFinal } from './driver.js';
import { isPassing, isUnknown } from './failures.js';
import { following } from './progress.js';
import { growingPauses, type Work } from './work.js';

/**
 * Looks at a batch until it has ended, however often that fails, and cancels it when nobody wants it any
 * more.
 *
 * @throws ERR_PROVIDER_AUTH, and ERR_PROVIDER_BAD_RESPONSE where the provider knows the batch no more
 */
export async function follow(work: Work): Promise<BatchState> {
  const { driver, settings, lines, logger, stop } = work;
  const pauses = growingPauses(settings);
  let isCancelSent = false;
  for (;;) {
    const { batchId = '', askedAt = 0 } = work.record;
    let askedPauseMs = 0;
    try {
      if (work.isAbandoned && !isCancelSent) {
        // On disk first: a line of a batch that is being cancelled is given to nobody.
        await work.save({ isCancelled: true });
        await driver.cancel(batchId, stop).catch(ignoreRefusal);
        isCancelSent = true;
      }
      const batch = await driver.look(batchId, stop);
      work.report((place) => following(batch, place, lines.length, Date.now()));
      if (isFinal(batch)) return batch;
    } catch (error) {
      stop.throwIfAborted();
      const isYoung = Date.now() - askedAt < settings.settleMs;
      if (isUnknown(error) && !isYoung) throw unknown(driver.provider, batchId, error);
      if (!isPassing(error) && !isUnknown(error)) throw error;
      logger.warn(`${error.message} It is looked at again.`, { batch: batchId });
      askedPauseMs = error.retryAfterMs ?? 0;
    }
    await work.pause(Math.max(pauses.next().value, askedPauseMs));
  }
}

/** A batch that has ended, or is gone, cannot be cancelled; the next look at it says which. */
function ignoreRefusal(error: unknown): void {
  if (!isUnknown(error)) throw error;
}

const unknown = (provider: string, batchId: string, cause: EaselError) =>
  new EaselError({
    code: 'ERR_PROVIDER_BAD_RESPONSE',
    message: `${provider} knows the batch ${batchId} no more; what it had made of it is lost. ${cause.message}`,
    cause,
  });
