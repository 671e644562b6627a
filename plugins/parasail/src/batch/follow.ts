import { EaselError } from '@easel/plugin-sdk';
import { failureOf, isPassing } from '../failures.js';
import { type Batch, isFinal } from '../wire.js';
import { following } from './progress.js';
import { growingPauses, isUnknown, type Work } from './work.js';

/**
 * Looks at a batch until it has ended, however often that fails, and cancels it when nobody wants it any more.
 *
 * @throws ERR_PROVIDER_AUTH, and ERR_PROVIDER_BAD_RESPONSE where Parasail knows the batch no more
 */
export async function follow(work: Work): Promise<Batch> {
  const { client, config, lines, logger, stop } = work;
  const pauses = growingPauses(config);
  let isCancelSent = false;
  for (;;) {
    const { batchId = '', askedAt = 0 } = work.record;
    let askedPauseMs = 0;
    try {
      if (work.isAbandoned && !isCancelSent) {
        // On disk first: a line of a batch that is being cancelled is given to nobody.
        await work.save({ isCancelled: true });
        await client.cancelBatch(batchId, stop).catch((error: unknown) => ignoreRefusal(error));
        isCancelSent = true;
      }
      const batch = await client.readBatch(batchId, stop);
      work.report((place) => following(batch, place, lines.length, Date.now()));
      if (isFinal(batch)) return batch;
    } catch (error) {
      stop.throwIfAborted();
      const failure = failureOf('Following a batch', error);
      const isYoung = Date.now() - askedAt < config.settleMs;
      if (isUnknown(failure) && !isYoung) throw unknown(batchId, failure);
      if (!isPassing(failure) && !isUnknown(failure)) throw failure;
      logger.warn(`${failure.message} It is looked at again.`, { batch: batchId });
      askedPauseMs = failure.retryAfterMs ?? 0;
    }
    await work.pause(Math.max(pauses.next().value, askedPauseMs));
  }
}

/** A batch that has ended, or is gone, cannot be cancelled; the next look at it says which. */
function ignoreRefusal(error: unknown): void {
  if (!EaselError.isInstance(error) || !isUnknown(error)) throw error;
}

const unknown = (batchId: string, cause: EaselError) =>
  new EaselError({
    code: 'ERR_PROVIDER_BAD_RESPONSE',
    message: `Parasail knows the batch ${batchId} no more; what it had made of it is lost. ${cause.message}`,
    cause,
  });
