/**
 * From the disk to the provider: upload, then create. Neither request can be repeated safely, as no
 * idempotency key is known of: after any doubt the provider's lists are searched for our own id first.
 *
 * @module
 */
import { EaselError } from '../errors.js';
import { type BatchState, isFinal } from './driver.js';
import { isPassing, isUnclear } from './failures.js';
import { sending } from './progress.js';
import { growingPauses, persevere, type Work } from './work.js';

/** Uploads the lines. From `written` or `uploading` to `uploaded`. */
export async function upload(work: Work): Promise<void> {
  const { driver, journal, record, stop, lines } = work;
  work.report((place) => sending(place, lines.length));
  let isDoubtful = record.stage === 'uploading';
  await work.save({ stage: 'uploading' });
  const fileId = await persevere(work, async () => {
    const found = isDoubtful ? await findUploaded(work) : undefined;
    isDoubtful = true;
    return found ?? (await driver.upload(record.id, await journal.readInput(record.id), stop));
  });
  await work.save({ stage: 'uploaded', fileId });
}

/** A second upload costs nothing: where files are not listed there is one. */
async function findUploaded({ driver, record, stop }: Work): Promise<string | undefined> {
  try {
    return await driver.findUpload(record.id, stop);
  } catch (error) {
    if (isPassing(error)) throw error;
    return undefined;
  }
}

/**
 * Creates the batch, or finds that it has been. From `uploaded` or `creating` to `created`; back to
 * `uploaded` where the provider has refused it, or where nobody wants it and it is certain that it does not
 * exist.
 */
export async function create(work: Work): Promise<void> {
  const { driver, stop } = work;
  await persevere(work, async () => {
    const found = work.record.stage === 'creating' ? await findCreated(work) : undefined;
    if (found) return await work.save({ stage: 'created', batchId: found.id });
    if (work.isAbandoned) return await work.save({ stage: 'uploaded' });
    const { id, fileId = '', target } = work.record;
    await work.save({ stage: 'creating', askedAt: Date.now() });
    try {
      const batch = await driver.create({ id, fileId, target }, stop);
      await work.save({ stage: 'created', batchId: batch.id });
    } catch (error) {
      stop.throwIfAborted();
      // What is unclear is waited for from now on: the request may have been on its way all the time.
      const isRefused = EaselError.isInstance(error) && !isUnclear(error);
      await work.save(isRefused ? { stage: 'uploaded' } : { askedAt: Date.now() });
      throw error;
    }
  });
}

/** The batch that may have been created, looked for until it would be in the list for certain. */
async function findCreated(work: Work): Promise<BatchState | undefined> {
  const { driver, settings, record, stop } = work;
  const { id, fileId = '' } = record;
  const pauses = growingPauses(settings);
  for (;;) {
    const found = await driver.findCreated({ id, fileId }, stop);
    const [chosen, ...others] = found.sort((one, other) => Number(isFinal(one)) - Number(isFinal(other)));
    for (const other of others.filter((batch) => !isFinal(batch))) {
      work.logger.warn(`The batch ${id} was created twice; ${other.id} is cancelled.`);
      await driver.cancel(other.id, stop);
    }
    const settledInMs = (record.askedAt ?? 0) + settings.settleMs - Date.now();
    if (chosen || settledInMs <= 0) return chosen;
    await work.pause(Math.min(pauses.next().value, settledInMs));
  }
}
