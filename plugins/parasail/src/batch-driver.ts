/**
 * Parasail's batches: docs.parasail.io (batch quickstart, batch file format), which follow
 * platform.openai.com/docs/guides/batch.
 *
 * @module
 */
import { EaselError } from '@easel/plugin-sdk';
import type { BatchDriver, BatchPhase, BatchState, LineResult } from '@easel/plugin-sdk/batch';
import { z } from 'zod';
import type { ParasailClient } from './client.js';
import { refusedBy } from './failures.js';
import { type Batch, imagesSchema, type OutputLine, outputLineSchema } from './wire.js';

/** Name of our id in a batch's metadata. */
const tag = 'easel_batch';

const inputLineSchema = z.object({ body: z.unknown() });
const fileNameOf = (id: string) => `easel-${id}.jsonl`;

export function createBatchDriver(client: ParasailClient): BatchDriver {
  return {
    provider: 'Parasail',
    /** 100 MB in the documents; a little is left. */
    mostBytes: 95_000_000,
    writeLine: (customId, body, { endpoint = '' }) =>
      `{"custom_id":${JSON.stringify(customId)},"method":"POST","url":${JSON.stringify(endpoint)},"body":${body}}`,
    readBody: (line) => JSON.stringify(inputLineSchema.parse(JSON.parse(line)).body),
    async upload(id, content, stop) {
      const file = await client.upload(fileNameOf(id), content, stop);
      return file.id;
    },
    findUpload: async (id, stop) => (await client.findFile(fileNameOf(id), stop))?.id,
    deleteUpload: (fileId, stop) => client.deleteFile(fileId, stop),
    async create({ id, fileId, target }, stop) {
      const { endpoint = '', completionWindow = '' } = target;
      const metadata = { [tag]: id };
      return stateOf(await client.createBatch({ fileId, endpoint, completionWindow, metadata }, stop));
    },
    async findCreated({ id, fileId }, stop) {
      const isOurs = (batch: Batch) => batch.metadata?.[tag] === id || batch.input_file_id === fileId;
      return (await client.findBatches(isOurs, stop)).map(stateOf);
    },
    look: async (batchId, stop) => stateOf(await client.readBatch(batchId, stop)),
    cancel: (batchId, stop) => client.cancelBatch(batchId, stop),
    resultLines: (fileId, stop) => client.fileLines(fileId, stop),
    readResult,
  };
}

/** Beyond these, whatever a status is called, the batch is taken to wait. */
const phases: ReadonlyMap<string, BatchPhase> = new Map([
  ['in_progress', 'generate'],
  ['finalizing', 'finish'],
  ['completed', 'completed'],
  ['failed', 'failed'],
  ['expired', 'expired'],
  ['cancelled', 'cancelled'],
]);

/** Times there are in seconds since 1970. */
const inMs = (seconds: number | null | undefined) => (seconds ? seconds * 1000 : undefined);

function stateOf(batch: Batch): BatchState {
  const { total = 0, completed = 0, failed = 0 } = batch.request_counts ?? {};
  const file = (fileId: string | null | undefined, lines: number) => (fileId ? [{ fileId, lines }] : []);
  return {
    id: batch.id,
    phase: phases.get(batch.status) ?? 'queue',
    says: batch.status.replaceAll('_', ' '),
    counts: { total, done: completed + failed },
    createdAt: inMs(batch.created_at),
    expiresAt: inMs(batch.expires_at),
    results: [...file(batch.output_file_id, completed), ...file(batch.error_file_id, failed)],
    problems: (batch.errors?.data ?? []).map(({ code, message, line }) => ({
      place: line ?? undefined,
      message: [code, message].filter(Boolean).join(': '),
    })),
  };
}

function readResult(text: string): LineResult | undefined {
  const line = outputLineSchema.safeParse(parseJson(text)).data;
  if (!line) return undefined;
  const failure = failureOfLine(line);
  const customId = line.custom_id;
  return failure ? { customId, failure } : { customId, body: JSON.stringify(line.response?.body) };
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

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
