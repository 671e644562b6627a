import { randomUUID } from 'node:crypto';
import type { BatchDriver } from './driver.js';
import type { BatchJournal } from './journal/batch-journal.js';
import type { BatchRecord } from './journal/record.js';
import type { Line } from './line.js';

/** Bytes of a line but for its body, at most. */
export const frameBytes = 300;

/** Writes lines as a new batch to disk, before anything of it is sent. All have the first one's target. */
export async function writeBatch(
  journal: BatchJournal,
  driver: BatchDriver,
  lines: readonly Line[],
): Promise<BatchRecord> {
  const id = randomUUID();
  const asks = lines.flatMap(({ ask }) => ask ?? []);
  const [first] = asks;
  if (!first || asks.length !== lines.length) throw new Error('a line has no body');
  for (const [index, line] of lines.entries()) {
    line.place = index + 1;
    line.customId = `${id}-${line.place}`;
    line.tries += 1;
  }
  const record: BatchRecord = {
    version: 1,
    id,
    target: first.target,
    stage: 'written',
    writtenAt: Date.now(),
    isCancelled: false,
    lines: lines.map(({ customId, fingerprint, requestId, seed }) => ({
      customId,
      fingerprint,
      requestId,
      seed,
    })),
  };
  const texts = asks.map(({ body, target }, index) =>
    driver.writeLine(lines[index]?.customId ?? '', body, target),
  );
  await journal.begin(record, texts.map((text) => `${text}\n`).join(''));
  for (const line of lines) line.ask = undefined;
  return record;
}
