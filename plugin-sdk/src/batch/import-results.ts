/**
 * From the provider to the disk: the lines of a batch that has ended, in whatever order they come, each once.
 * A batch that expired or was cancelled has paid pictures too.
 *
 * @module
 */
import { EaselError } from '../errors.js';
import type { BatchState } from './driver.js';
import { isUnknown } from './failures.js';
import { requeueSound } from './requeue.js';
import { persevere, type Work } from './work.js';

/**
 * Imports what there is and fails the lines without a result. Throws what keeps the files from being read
 * now.
 */
export async function importResults(work: Work, batch: BatchState): Promise<void> {
  let problem: EaselError | undefined;
  for (const file of batch.results) problem = (await importFile(work, batch, file)) ?? problem;
  const open = work.lines.filter((line) => line.isOpen);
  if (batch.phase === 'failed') return await requeueSound(work, batch, open);
  for (const line of open) line.fail(problem ?? withoutResult(work, batch));
}

/** Reads one file, again where it is cut short. Answers why it cannot be read for good. */
async function importFile(
  work: Work,
  batch: BatchState,
  { fileId, lines: wanted }: BatchState['results'][number],
): Promise<EaselError | undefined> {
  let isShort = false;
  try {
    await persevere(work, async () => {
      isShort = false;
      let whole = 0;
      for await (const text of work.driver.resultLines(fileId, work.stop))
        if (await importLine(work, text)) whole += 1;
      isShort = whole < wanted;
      if (isShort)
        throw new EaselError({
          code: 'ERR_PROVIDER_BAD_RESPONSE',
          message: `${fileId} has ${whole} lines of ${wanted}.`,
        });
    });
    return undefined;
  } catch (error) {
    // What may pass is left for another time; a file that is gone, or too short again and again, is not.
    work.stop.throwIfAborted();
    if (!EaselError.isInstance(error) || !(isShort || isUnknown(error))) throw error;
    work.logger.error(`A result of a batch is lost: ${error.message}`, { batch: batch.id });
    const message = `The result of ${batch.id} cannot be had: ${error.message}`;
    return new EaselError({ code: 'ERR_PROVIDER_BAD_RESPONSE', message, mayBePaid: true, cause: error });
  }
}

/** Whether the text is a whole line; one that is known already, or of nobody, changes nothing. */
async function importLine(work: Work, text: string): Promise<boolean> {
  if (text.trim() === '') return false;
  const result = work.driver.readResult(text);
  if (!result) return false;
  const line = work.lines.find(({ customId }) => customId === result.customId);
  if (!line) work.logger.warn(`A result is of no line of the batch: ${result.customId}`);
  if (!line?.isOpen) return true;
  if ('failure' in result) line.fail(result.failure);
  else {
    line.markCome();
    await work.journal.saveResult(work.record.id, line.customId, result.body);
    line.markMade();
  }
  return true;
}

function withoutResult({ record }: Work, { id, phase }: BatchState): EaselError {
  if (phase === 'completed')
    return new EaselError({
      code: 'ERR_PROVIDER_BAD_RESPONSE',
      message: `The batch ${id} is completed, and has no result for a line.`,
      mayBePaid: true,
    });
  if (record.isCancelled)
    return new EaselError({ code: 'ERR_ABORTED', message: `The batch ${id} was cancelled.` });
  return new EaselError({
    code: 'ERR_PROVIDER_UNAVAILABLE',
    message: `The batch ${id} is ${phase}; this picture had not been made by then.`,
  });
}
