/**
 * The thread that the database of jobs is on: SQLite's calls are synchronous, and would hold the event loop
 * of the server for as long as the disk takes. It opens the database at the first call, and again at the next
 * one where that failed.
 *
 * @module
 */
import { parentPort, workerData } from 'node:worker_threads';
import { faultOf, type StorageFault } from './fault.js';
import { KeptOpen, MisplacedDatabase, type Tables } from './kept-open.js';
import { UnusableDatabase } from './open-database.js';

export type { Tables };

export interface DatabaseCall {
  readonly number: number;
  /** Absent: the database is only opened. */
  readonly table?: keyof Tables;
  readonly method?: string;
  readonly values?: readonly unknown[];
}

export type DatabaseAnswer = { readonly number: number } & (
  | { readonly value: unknown }
  | { readonly fault: StorageFault }
  | { readonly defect: string }
);

/** What somebody should know of, although nobody has asked. */
export interface DatabaseNotice {
  readonly notice: string;
}

const kept = new KeptOpen((workerData as { file: string }).file, (notice) =>
  parentPort?.postMessage({ notice } satisfies DatabaseNotice),
);

function carryOut({ number, table, method = '', values = [] }: DatabaseCall): DatabaseAnswer {
  try {
    const { [table ?? 'jobs']: called } = kept.tables();
    if (table === undefined) return { number, value: undefined };
    const work: unknown = Reflect.get(called, method);
    return { number, value: typeof work === 'function' ? work.apply(called, [...values]) : undefined };
  } catch (error) {
    const fault = explain(error);
    if (!fault) return { number, defect: String((error as Error).stack) };
    kept.onFailure(error, fault);
    return { number, fault };
  }
}

function explain(error: unknown): StorageFault | undefined {
  if (error instanceof UnusableDatabase) return { kind: error.kind, detail: error.message };
  if (error instanceof MisplacedDatabase) return { kind: 'misplaced', detail: error.message };
  return faultOf(error);
}

parentPort?.on('message', (call: DatabaseCall | 'close') => {
  if (call !== 'close') return parentPort?.postMessage(carryOut(call));
  kept.close();
  parentPort?.close();
});
