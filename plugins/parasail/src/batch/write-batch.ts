import { randomUUID } from 'node:crypto';
import type { Journal } from '../journal/journal.js';
import type { BatchRecord } from '../journal/record.js';
import type { Ask, Line } from './line.js';

/** docs.parasail.io, batch file format: 100 MB of a file; a little is left for the frame of a line. */
export const mostBytes = 95_000_000;

/** Bytes of a line but for its body, at most. */
export const frameBytes = 300;

/** Writes lines as a new batch to disk, before anything of it is sent. All have the first one's endpoint. */
export async function writeBatch(journal: Journal, lines: readonly Line[]): Promise<BatchRecord> {
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
    endpoint: first.endpoint,
    completionWindow: first.completionWindow,
    stage: 'written',
    writtenAt: Date.now(),
    isCancelled: false,
    lines: lines.map(({ customId, fingerprint, seed }) => ({ customId, fingerprint, seed })),
  };
  await journal.create(record, asks.map((ask, index) => textOf(ask, lines[index]?.customId ?? '')).join(''));
  for (const line of lines) line.ask = undefined;
  return record;
}

/** platform.openai.com/docs/guides/batch: one request a line. The body is JSON already. */
const textOf = ({ endpoint, body }: Ask, customId: string) =>
  `{"custom_id":${JSON.stringify(customId)},"method":"POST","url":${JSON.stringify(endpoint)},"body":${body}}\n`;
