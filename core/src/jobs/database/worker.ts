/**
 * The thread that the database of jobs is on: SQLite's calls are synchronous, and would hold the event loop of the server for as long as the
 * disk takes. It opens the database at the first call, and again at the next one where that failed.
 *
 * @module
 */
import { parentPort, workerData } from 'node:worker_threads';
import type Database from 'libsql';
import { faultOf, type StorageFault } from './fault.js';
import { JobTable } from './job-table.js';
import { openDatabase, UnusableDatabase } from './open-database.js';
import { ServerTable } from './server-table.js';

export interface Tables {
  readonly jobs: JobTable;
  readonly servers: ServerTable;
}

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

let open: (Tables & { readonly database: Database.Database }) | undefined;

function tables(): Tables {
  if (open) return open;
  const database = openDatabase((workerData as { file: string }).file);
  open = { database, jobs: new JobTable(database), servers: new ServerTable(database) };
  return open;
}

function carryOut({ number, table, method = '', values = [] }: DatabaseCall): DatabaseAnswer {
  try {
    const { [table ?? 'jobs']: called } = tables();
    if (table === undefined) return { number, value: undefined };
    const work = (called as unknown as Record<string, (...values: readonly unknown[]) => unknown>)[method];
    return { number, value: work?.apply(called, [...values]) };
  } catch (error) {
    if (error instanceof UnusableDatabase)
      return { number, fault: { kind: error.kind, detail: error.message } };
    const fault = faultOf(error);
    return fault ? { number, fault } : { number, defect: String((error as Error).stack) };
  }
}

parentPort?.on('message', (call: DatabaseCall | 'close') => {
  if (call !== 'close') return parentPort?.postMessage(carryOut(call));
  open?.database.close();
  parentPort?.close();
});
