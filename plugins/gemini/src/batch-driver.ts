import { EaselError, parseJson } from '@easel/plugin-sdk';
import type { BatchDriver, BatchPhase, BatchState, LineResult } from '@easel/plugin-sdk/batch';
import { z } from 'zod';
import { answerSchema, picturesOf } from './answer.js';
import type { BatchClient } from './batch-client.js';
import { type Operation, resultLineSchema } from './batch-wire.js';
import { failureOf } from './failures.js';
import { whyNothing } from './refusal.js';

/** After 48 hours a batch is given up: ai.google.dev/gemini-api/docs/batch-api. */
const longestMs = 48 * 3_600_000;

const inputLineSchema = z.object({ request: z.unknown() });
/** Names of files have 40 characters at most; a UUID has 36. */
const fileNameOf = (id: string) => `files/${id}`;
const tagOf = (id: string) => `easel-${id}`;

/** Google's batches. Their lines are requests to `generateContent`; those of one batch are for one model. */
export function createBatchDriver(client: BatchClient): BatchDriver {
  return {
    provider: 'Google',
    /** Google takes 2 GB; a batch is in memory while it is written. */
    mostBytes: 95_000_000,
    writeLine: (customId, body) => `{"key":${JSON.stringify(customId)},"request":${body}}`,
    readBody: (line) => JSON.stringify(inputLineSchema.parse(JSON.parse(line)).request),
    async upload(id, content, stop) {
      const bytes = new Uint8Array(content);
      return (await client.upload(fileNameOf(id), bytes, 'application/jsonl', stop)).name;
    },
    findUpload: async (id, stop) => (await client.findFile(fileNameOf(id), stop))?.name,
    deleteUpload: (fileId, stop) => client.deleteFile(fileId, stop),
    async create({ id, fileId: fileName, target: { model = '' } }, stop) {
      return stateOf(await client.create({ model, fileName, displayName: tagOf(id) }, stop));
    },
    async findCreated({ id, fileId }, stop) {
      const isOurs = ({ metadata }: Operation) =>
        metadata.displayName === tagOf(id) || metadata.inputConfig?.fileName === fileId;
      return (await client.find(isOurs, stop)).map(stateOf);
    },
    look: async (batchId, stop) => stateOf(await client.read(batchId, stop)),
    cancel: (batchId, stop) => client.cancel(batchId, stop),
    resultLines: (fileId, stop) => client.lines(fileId, stop),
    readResult,
  };
}

/** Beyond these, whatever a state is called, the batch is taken to wait. */
const phases: ReadonlyMap<string, BatchPhase> = new Map([
  ['RUNNING', 'generate'],
  ['SUCCEEDED', 'completed'],
  ['FAILED', 'failed'],
  ['CANCELLED', 'cancelled'],
  ['EXPIRED', 'expired'],
]);

function stateOf({ name, metadata, response, error }: Operation): BatchState {
  const { requestCount = 0, successfulRequestCount = 0, failedRequestCount = 0 } = metadata.batchStats ?? {};
  // The API says BATCH_STATE_, the package JOB_STATE_.
  const state = metadata.state?.replace(/^(?:BATCH|JOB)_STATE_/, '') ?? 'PENDING';
  const fileId = metadata.output?.responsesFile ?? response?.responsesFile;
  const createdAt = metadata.createTime === undefined ? undefined : Date.parse(metadata.createTime);
  return {
    id: name,
    phase: phases.get(state) ?? 'queue',
    says: state.toLowerCase().replaceAll('_', ' '),
    counts: { total: requestCount, done: successfulRequestCount + failedRequestCount },
    createdAt,
    expiresAt: createdAt === undefined ? undefined : createdAt + longestMs,
    results: fileId === undefined ? [] : [{ fileId, lines: successfulRequestCount }],
    problems: error ? [{ message: error.message }] : [],
    failureCode: error ? failureOfStatus(`the batch ${name}`, error).code : undefined,
  };
}

/** HTTP status of the codes of google.rpc.Code. */
const statuses: ReadonlyMap<number, number> = new Map([
  [1, 499],
  [3, 400],
  [4, 504],
  [5, 404],
  [7, 403],
  [8, 429],
  [9, 400],
  [11, 400],
  [12, 501],
  [14, 503],
  [16, 401],
]);

/**
 * What went wrong with a line or a batch, where no answer of HTTP says it. A code may be one of HTTP all the
 * same.
 */
function failureOfStatus(thing: string, error: { readonly code: number; readonly message: string }) {
  const status = error.code >= 100 ? error.code : (statuses.get(error.code) ?? 500);
  return failureOf({ status, retryAfter: null, text: JSON.stringify({ error }), about: { thing } });
}

function readResult(text: string): LineResult | undefined {
  const line = resultLineSchema.safeParse(parseJson(text)).data;
  if (!line) return undefined;
  const { key: customId, response, error } = line;
  if (error) return { customId, failure: failureOfStatus(`the line ${customId}`, error) };
  const answer = answerSchema.safeParse(response).data;
  if (!answer) {
    const message = `The line ${customId} has neither an answer nor an error.`;
    return { customId, failure: new EaselError({ code: 'ERR_PROVIDER_BAD_RESPONSE', message }) };
  }
  if (picturesOf(answer).pictures.length === 0) return { customId, failure: whyNothing(answer, 'picture') };
  return { customId, body: JSON.stringify(answer) };
}
