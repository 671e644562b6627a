import { EaselError } from '../errors.js';
import type { BatchState } from './driver.js';
import type { Line } from './line.js';
import type { Work } from './work.js';

/** Batches that a line is put into; one that is not at fault twice is told so. */
const mostTries = 2;

/**
 * A batch that does not pass its validation makes nothing. The lines that are named as wrong fail; the
 * others, for which somebody waits, are put into another batch. Where none is named all fail.
 */
export async function requeueSound(work: Work, batch: BatchState, open: readonly Line[]): Promise<void> {
  const { problems } = batch;
  const messageOf = (line: Line | undefined) => {
    const said = problems.filter((problem) => line === undefined || problem.place === line.place);
    return said.map(({ message }) => message).join('; ');
  };
  const wrong = open.filter((line) => problems.some((problem) => problem.place === line.place));
  for (const line of wrong) line.fail(notTaken(work, batch, messageOf(line)));
  const sound = open.filter((line) => !wrong.includes(line));
  const again = wrong.length === 0 ? [] : sound.filter((line) => line.isWaitedFor && line.tries < mostTries);
  for (const line of sound.filter((line) => !again.includes(line)))
    line.fail(notTaken(work, batch, messageOf(undefined)));
  if (again.length === 0) return;
  const texts = (await work.journal.readInput(work.record.id)).toString('utf8').split('\n');
  const { target } = work.record;
  for (const line of again) {
    const body = work.driver.readBody(texts[line.place - 1] ?? '');
    const { fingerprint, requestId, seed } = line;
    line.ask = { target, body, fingerprint, requestId, seed };
  }
  work.gatherAgain(again);
}

const notTaken = ({ driver }: Work, { id, failureCode = 'ERR_REQUEST_INVALID' }: BatchState, said: string) =>
  new EaselError({
    code: failureCode,
    message: `${driver.provider} made nothing of the batch ${id}: ${said || 'it gave no reason'}`,
  });
