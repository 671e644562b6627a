/**
 * From the provider to the disk: the lines of a batch that has ended, in whatever order they come, each once. A batch that expired or was
 * cancelled has paid pictures too.
 *
 * @module
 */
import { EaselError } from '@easel/plugin-sdk';
import { refusedBy } from '../failures.js';
import { type Batch, imagesSchema, type OutputLine, outputLineSchema } from '../wire.js';
import { requeueSound } from './requeue.js';
import { isUnknown, persevere, type Work } from './work.js';

/** Imports what there is and fails the lines without a result. Throws what keeps the files from being read now. */
export async function importResults(work: Work, batch: Batch): Promise<void> {
  const fileIds = [batch.output_file_id, batch.error_file_id].flatMap((id) => id ?? []);
  let problem: EaselError | undefined;
  for (const fileId of fileIds) problem = (await importFile(work, batch, fileId)) ?? problem;
  const open = work.lines.filter((line) => line.isOpen);
  if (batch.status === 'failed') return await requeueSound(work, batch, open);
  for (const line of open) line.fail(problem ?? withoutResult(work, batch));
}

/** Reads one file, again where it is cut short. Answers why it cannot be read for good. */
async function importFile(work: Work, batch: Batch, fileId: string): Promise<EaselError | undefined> {
  const expected = batch.request_counts;
  const isOutput = fileId === batch.output_file_id;
  const wanted = (isOutput ? expected?.completed : expected?.failed) ?? 0;
  let isShort = false;
  try {
    await persevere(work, async () => {
      isShort = false;
      let whole = 0;
      for await (const text of work.client.fileLines(fileId, work.stop))
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
    return new EaselError({ code: 'ERR_PROVIDER_BAD_RESPONSE', message, cause: error });
  }
}

/** Whether the text is a whole line; one that is known already, or of nobody, changes nothing. */
async function importLine(work: Work, text: string): Promise<boolean> {
  if (text.trim() === '') return false;
  const parsed = outputLineSchema.safeParse(parseJson(text));
  if (!parsed.success) return false;
  const line = work.lines.find(({ customId }) => customId === parsed.data.custom_id);
  if (!line) work.logger.warn(`A result is of no line of the batch: ${parsed.data.custom_id}`);
  if (!line?.isOpen) return true;
  const failure = failureOfLine(parsed.data);
  if (failure) line.fail(failure);
  else {
    const { id } = work.record;
    await work.journal.saveResult(id, line.customId, JSON.stringify(parsed.data.response?.body));
    line.markMade();
  }
  return true;
}

function failureOfLine({ custom_id, response, error }: OutputLine): EaselError | undefined {
  const what = `The line ${custom_id}`;
  if (!response) return refusedBy(what, 500, error ?? { message: 'it has no response' });
  if (response.status_code === 200 && imagesSchema.safeParse(response.body).success) return undefined;
  if (response.status_code === 200)
    return new EaselError({
      code: 'ERR_PROVIDER_BAD_RESPONSE',
      message: `${what} has no picture in its response.`,
    });
  const { error: inner } = (response.body ?? {}) as { error?: unknown };
  return refusedBy(what, response.status_code, inner ?? error);
}

function withoutResult({ record }: Work, { id, status }: Batch): EaselError {
  if (status === 'completed')
    return new EaselError({
      code: 'ERR_PROVIDER_BAD_RESPONSE',
      message: `The batch ${id} is completed, and has no result for a line.`,
    });
  if (record.isCancelled)
    return new EaselError({ code: 'ERR_ABORTED', message: `The batch ${id} was cancelled.` });
  return new EaselError({
    code: 'ERR_PROVIDER_UNAVAILABLE',
    message: `The batch ${id} is ${status}; this picture had not been made by then.`,
  });
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
