/**
 * Batches as OpenAI has them, and services that follow it: platform.openai.com/docs/guides/batch.
 *
 * @module
 */

import { z } from 'zod';
import { EaselError } from '../../errors.js';
import { parseJson } from '../../parse-json.js';
import type { BatchDriver, BatchPhase, BatchState, LineResult } from '../driver.js';
import { imagesSchema, type OpenAiBatch, outputLineSchema } from './wire.js';

/**
 * The requests that a driver makes, each once. They reject with `EaselError`s alone: ERR_REQUEST_INVALID
 * where the service does not know what it was asked about.
 */
export interface OpenAiBatchClient {
  upload(filename: string, content: Buffer, stop: AbortSignal): Promise<{ readonly id: string }>;
  /** The uploaded file of that name. Undefined: there is none. */
  findFile(filename: string, stop: AbortSignal): Promise<{ readonly id: string } | undefined>;
  deleteFile(id: string, stop: AbortSignal): Promise<void>;
  createBatch(
    batch: {
      readonly fileId: string;
      readonly endpoint: string;
      /** Time within which it is to be done, such as `24h`. */
      readonly completionWindow: string;
      readonly metadata: Readonly<Record<string, string>>;
    },
    stop: AbortSignal,
  ): Promise<OpenAiBatch>;
  /** All batches that fit, of those that the service lists. */
  findBatches(fits: (batch: OpenAiBatch) => boolean, stop: AbortSignal): Promise<OpenAiBatch[]>;
  readBatch(id: string, stop: AbortSignal): Promise<OpenAiBatch>;
  cancelBatch(id: string, stop: AbortSignal): Promise<void>;
  /** The lines of a file as they come. */
  fileLines(id: string, stop: AbortSignal): AsyncIterable<string>;
}

export interface OpenAiBatchOptions {
  /** As people call it. */
  readonly provider: string;
  /** Bytes of an input file, at most. */
  readonly mostBytes: number;
  readonly client: OpenAiBatchClient;
  /**
   * The error that an answer is: of a line, by its status and its body; `what` is the line, for people.
   */
  readonly failureOf: (what: string, status: number, body: unknown) => EaselError;
}

/** Name of our id in a batch's metadata. */
const tag = 'easel_batch';

const inputLineSchema = z.object({ body: z.unknown() });
const fileNameOf = (id: string) => `easel-${id}.jsonl`;

/** A driver whose targets are `{ endpoint, completionWindow }`; more in a target tells batches apart. */
export function openAiBatchDriver({
  provider,
  mostBytes,
  client,
  failureOf,
}: OpenAiBatchOptions): BatchDriver {
  return {
    provider,
    mostBytes,
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
      const isOurs = (batch: OpenAiBatch) => batch.metadata?.[tag] === id || batch.input_file_id === fileId;
      return (await client.findBatches(isOurs, stop)).map(stateOf);
    },
    look: async (batchId, stop) => stateOf(await client.readBatch(batchId, stop)),
    cancel: (batchId, stop) => client.cancelBatch(batchId, stop),
    resultLines: (fileId, stop) => client.fileLines(fileId, stop),
    readResult: (text) => readResult(text, failureOf),
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

function stateOf(batch: OpenAiBatch): BatchState {
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

function readResult(text: string, failureOf: OpenAiBatchOptions['failureOf']): LineResult | undefined {
  const line = outputLineSchema.safeParse(parseJson(text)).data;
  if (!line) return undefined;
  const { custom_id: customId, response, error } = line;
  const what = `The line ${customId}`;
  if (!response)
    return { customId, failure: failureOf(what, 500, { error: error ?? { message: 'it has no response' } }) };
  const { status_code: status, body } = response;
  if (status === 200 && imagesSchema.safeParse(body).success) return { customId, body: JSON.stringify(body) };
  if (status !== 200) return { customId, failure: failureOf(what, status, body ?? { error }) };
  const failure = new EaselError({
    code: 'ERR_PROVIDER_BAD_RESPONSE',
    message: `${what} has no picture in its response.`,
  });
  return { customId, failure };
}
