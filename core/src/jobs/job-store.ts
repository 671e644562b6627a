import { randomUUID } from 'node:crypto';
import Database from 'libsql';
import { makePrivateFile } from '../storage/keep-private.js';
import type { Job, JobError, JobResult, JobState, NewJob } from './job.js';

const schema = `
  CREATE TABLE IF NOT EXISTS jobs (
    id TEXT PRIMARY KEY,
    caller TEXT NOT NULL,
    idempotency_key TEXT,
    request TEXT NOT NULL,
    priority INTEGER NOT NULL,
    state TEXT NOT NULL,
    result TEXT,
    error TEXT,
    webhook TEXT,
    created_at INTEGER NOT NULL,
    started_at INTEGER,
    ended_at INTEGER,
    delivered_at INTEGER
  );
  CREATE UNIQUE INDEX IF NOT EXISTS jobs_by_key ON jobs (caller, idempotency_key) WHERE idempotency_key IS NOT NULL;
  CREATE INDEX IF NOT EXISTS jobs_by_turn ON jobs (caller, started_at);
  CREATE INDEX IF NOT EXISTS jobs_by_state ON jobs (state, priority DESC, created_at);
`;

interface Row {
  readonly id: string;
  readonly caller: string;
  readonly request: string;
  readonly priority: number;
  readonly state: JobState;
  readonly result: string | null;
  readonly error: string | null;
  readonly webhook: string | null;
  readonly created_at: number;
  readonly started_at: number | null;
  readonly ended_at: number | null;
}

/** A job as it lies in the database: its request is text that `thawRequest` reads. */
export type StoredJob = Omit<Job, 'request' | 'progress'> & { readonly request: string };

/** Jobs in SQLite, so that what was accepted outlives the process; each change is one statement, and each statement is on the disk or not. */
export class JobStore {
  readonly #database: Database.Database;
  readonly #now: () => number;

  /** @param now milliseconds since 1970. Absent: `Date.now` */
  constructor(file: string, now: () => number = Date.now) {
    // What SQLite lays beside it has the mode of the database.
    makePrivateFile(file);
    this.#database = new Database(file);
    this.#database.exec(
      'PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; PRAGMA busy_timeout = 5000;',
    );
    this.#database.exec(schema);
    this.#now = now;
  }

  /** Accepts a job; one that its caller has accepted before under the same key is answered instead. */
  create(
    { caller, priority, idempotencyKey, webhook }: NewJob,
    request: string,
  ): { job: StoredJob; isNew: boolean } {
    const id = randomUUID();
    const { changes } = this.#database
      .prepare(
        `INSERT INTO jobs (id, caller, idempotency_key, request, priority, state, webhook, created_at)
         VALUES (?, ?, ?, ?, ?, 'queued', ?, ?) ON CONFLICT DO NOTHING`,
      )
      .run(id, caller, idempotencyKey ?? null, request, priority, webhook ?? null, this.#now());
    if (changes > 0) return { job: this.get(id) as StoredJob, isNew: true };
    const known = this.#database
      .prepare('SELECT * FROM jobs WHERE caller = ? AND idempotency_key = ?')
      .get(caller, idempotencyKey ?? null);
    return { job: jobOf(known as Row), isNew: false };
  }

  get(id: string): StoredJob | undefined {
    const row = this.#database.prepare('SELECT * FROM jobs WHERE id = ?').get(id);
    return row === undefined ? undefined : jobOf(row as Row);
  }

  /** The newest first. @param caller whose jobs; undefined: everybody's */
  list(caller: string | undefined, limit: number): StoredJob[] {
    const rows =
      caller === undefined
        ? this.#database.prepare('SELECT * FROM jobs ORDER BY created_at DESC LIMIT ?').all(limit)
        : this.#database
            .prepare('SELECT * FROM jobs WHERE caller = ? ORDER BY created_at DESC LIMIT ?')
            .all(caller, limit);
    return (rows as Row[]).map(jobOf);
  }

  /** Begins the job whose turn it is: by priority, then of whoever was served longest ago, then the oldest. Undefined: none waits. */
  begin(): StoredJob | undefined {
    const row = this.#database
      .prepare(
        `UPDATE jobs SET state = 'running', started_at = ? WHERE id = (
           SELECT id FROM jobs AS waiting WHERE state = 'queued'
           ORDER BY priority DESC,
             (SELECT COALESCE(MAX(started_at), 0) FROM jobs WHERE caller = waiting.caller),
             created_at, rowid LIMIT 1)
         RETURNING *`,
      )
      .get(this.#now());
    return row === undefined ? undefined : jobOf(row as Row);
  }

  /** Each job ends once: answers whether it was this time. */
  end(id: string, end: { result: JobResult } | { error: JobError } | 'cancelled'): boolean {
    const isCancelled = end === 'cancelled';
    const [state, column, value] = isCancelled
      ? ['cancelled', 'error', null]
      : 'result' in end
        ? ['succeeded', 'result', JSON.stringify(end.result)]
        : ['failed', 'error', JSON.stringify(end.error)];
    const { changes } = this.#database
      .prepare(
        `UPDATE jobs SET state = ?, ${column} = ?, ended_at = ? WHERE id = ? AND state IN ('queued', 'running')`,
      )
      .run(state, value, this.#now(), id);
    return changes > 0;
  }

  /** Puts back what was at work: all of it, after a crash, or one job that could not be finished now. */
  putBack(id?: string): void {
    const where = id === undefined ? '' : ' AND id = ?';
    this.#database
      .prepare(`UPDATE jobs SET state = 'queued', started_at = NULL WHERE state = 'running'${where}`)
      .run(...(id === undefined ? [] : [id]));
  }

  /** Ended jobs whose webhook has not been told. */
  undelivered(): StoredJob[] {
    const rows = this.#database
      .prepare(
        'SELECT * FROM jobs WHERE webhook IS NOT NULL AND ended_at IS NOT NULL AND delivered_at IS NULL',
      )
      .all();
    return (rows as Row[]).map(jobOf);
  }

  markDelivered(id: string): void {
    this.#database.prepare('UPDATE jobs SET delivered_at = ? WHERE id = ?').run(this.#now(), id);
  }

  /** Forgets what ended before a time, in milliseconds since 1970. */
  sweep(before: number): void {
    this.#database.prepare('DELETE FROM jobs WHERE ended_at < ?').run(before);
  }

  close(): void {
    this.#database.close();
  }
}

const jobOf = (row: Row): StoredJob => ({
  id: row.id,
  caller: row.caller,
  request: row.request,
  priority: row.priority,
  state: row.state,
  createdAt: row.created_at,
  ...(row.result === null ? {} : { result: JSON.parse(row.result) as JobResult }),
  ...(row.error === null ? {} : { error: JSON.parse(row.error) as JobError }),
  ...(row.started_at === null ? {} : { startedAt: row.started_at }),
  ...(row.ended_at === null ? {} : { endedAt: row.ended_at }),
  ...(row.webhook === null ? {} : { webhook: row.webhook }),
});
