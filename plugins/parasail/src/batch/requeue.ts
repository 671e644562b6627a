import { EaselError } from '@easel/plugin-sdk';
import { z } from 'zod';
import type { Batch } from '../wire.js';
import type { Line } from './line.js';
import type { Work } from './work.js';

const inputLineSchema = z.object({ body: z.unknown() });
/** Batches that a line is put into; one that is not at fault twice is told so. */
const mostTries = 2;

/**
 * A batch that does not pass its validation makes nothing. The lines that are named as wrong fail; the others, for which somebody waits,
 * are put into another batch. Where none is named all fail.
 */
export async function requeueSound(work: Work, batch: Batch, open: readonly Line[]): Promise<void> {
  const problems = batch.errors?.data ?? [];
  const messageOf = (line: Line | undefined) => {
    const said = problems.filter((problem) => line === undefined || problem.line === line.place);
    return said.map(({ code, message }) => [code, message].filter(Boolean).join(': ')).join('; ');
  };
  const wrong = open.filter((line) => problems.some((problem) => problem.line === line.place));
  for (const line of wrong) line.fail(invalid(batch, messageOf(line)));
  const sound = open.filter((line) => !wrong.includes(line));
  const again = wrong.length === 0 ? [] : sound.filter((line) => line.isWaitedFor && line.tries < mostTries);
  for (const line of sound.filter((line) => !again.includes(line)))
    line.fail(invalid(batch, messageOf(undefined)));
  if (again.length === 0) return;
  const texts = (await work.journal.readInput(work.record.id)).toString('utf8').split('\n');
  const { endpoint, completionWindow } = work.record;
  for (const line of again) {
    const { body } = inputLineSchema.parse(JSON.parse(texts[line.place - 1] ?? ''));
    const { fingerprint, seed } = line;
    line.ask = { endpoint, completionWindow, body: JSON.stringify(body), fingerprint, seed };
  }
  work.gatherAgain(again);
}

const invalid = ({ id }: Batch, said: string) =>
  new EaselError({
    code: 'ERR_REQUEST_INVALID',
    message: `Parasail did not take the batch ${id}: ${said || 'it gave no reason'}`,
  });
