import { type BatchDriver, openAiBatchDriver } from '@easel/plugin-sdk/batch';
import type { ParasailClient } from './client.js';
import { refusedBy } from './failures.js';

/** Parasail's batches: docs.parasail.io (batch quickstart, batch file format), which follow OpenAI's. */
export const createBatchDriver = (client: ParasailClient): BatchDriver =>
  openAiBatchDriver({
    provider: 'Parasail',
    // 100 MB in the documents; a little is left.
    mostBytes: 95_000_000,
    client,
    failureOf: (what, status, body) => refusedBy(what, status, (body as { error?: unknown } | null)?.error),
  });
