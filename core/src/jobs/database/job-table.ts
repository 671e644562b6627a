import { randomUUID } from 'node:crypto';
import type Database from 'libsql';
import type { AskedPlugin, FixedChoices } from '../../kernel/routing/fixed-request.js';
import type { BegunJob, JobEnd, StoredJob } from '../job.js';
import type { AcceptedRecord, JobPlace, MadeCell, NewRecord } from '../job-records.js';
import { lateError } from '../late.js';
import type { ImageTable } from './image-table.js';
import type { JobBacklog } from './job-place.js';
import { allColumns, listedColumns, readJob } from './rows.js';
import { inTransaction } from './transaction.js';
import { beginNext, comesLate, highestPriority, nextCaller, takeTurn } from './turn.js';

/** Jobs in SQLite: what was accepted outlives the process. A server writes only of jobs that are its own. */
export class JobTable {
  readonly #database: Database.Database;
  readonly #statements = new Map<string, Database.Statement>();

  readonly #images: ImageTable;

  constructor(database: Database.Database, images: ImageTable) {
    this.#database = database;
    this.#images = images;
  }

  /**
   * Accepts a job; one that its caller has accepted before under the same key is answered instead. Undefined:
   * too many of its jobs wait.
   */
  create(row: NewRecord): AcceptedRecord | undefined {
    const { caller, request, fixed, priority, idempotencyKey = null, webhook = null, now, limit } = row;
    const { startBefore = null } = row;
    return inTransaction(this.#database, () => {
      const known = this.#sql(`SELECT ${allColumns} FROM jobs WHERE caller = ? AND idempotency_key = ?`).get(
        caller,
        idempotencyKey,
      ) as { request: unknown } | undefined;
      if (known) return { job: readJob(known), isNew: false, request: String(known.request) };
      const { waiting } = this.#sql(
        `SELECT COUNT(*) AS waiting FROM (SELECT 1 FROM jobs WHERE caller = ? AND state = 'queued' LIMIT ?)`,
      ).get(caller, limit) as { waiting: number };
      if (waiting >= limit) return undefined;
      const created = this.#sql(
        `INSERT INTO jobs (id, caller, idempotency_key, request, fixed, priority, state, webhook, created_at, start_before)
         VALUES (?, ?, ?, ?, ?, ?, 'queued', ?, ?, ?) RETURNING ${listedColumns}`,
      ).get(
        randomUUID(),
        caller,
        idempotencyKey,
        request,
        textOf(fixed),
        priority,
        webhook,
        now,
        startBefore,
      );
      return { job: readJob(created), isNew: true, request };
    });
  }

  get(id: string): StoredJob | undefined {
    const row = this.#sql(`SELECT ${listedColumns} FROM jobs WHERE id = ?`).get(id);
    return row === undefined ? undefined : readJob(row);
  }

  /**
   * The newest first. @param caller whose jobs; undefined: everybody's. @param before id of the job that they
   * were accepted before
   */
  list(caller: string | undefined, limit: number, before: string | undefined): StoredJob[] {
    const conditions = [
      ...(caller === undefined ? [] : ['caller = ?']),
      ...(before === undefined ? [] : ['rowid < (SELECT rowid FROM jobs WHERE id = ?)']),
    ];
    const where = conditions.length === 0 ? '' : `WHERE ${conditions.join(' AND ')}`;
    const given = [caller, before].filter((value) => value !== undefined);
    return this.#sql(`SELECT ${listedColumns} FROM jobs ${where} ORDER BY rowid DESC LIMIT ?`)
      .all(...given, limit)
      .map(readJob);
  }

  /** How many jobs have not ended, and since when the first of them is there. */
  backlog(): readonly JobBacklog[] {
    return (['queued', 'running'] as const).map((state) => {
      const { count, oldest } = this.#sql(
        `SELECT COUNT(*) AS count, MIN(created_at) AS oldest FROM jobs WHERE state = '${state}'`,
      ).get() as { count: number; oldest: number | null };
      return { state, count, ...(oldest === null ? {} : { oldest }) };
    });
  }

  /**
   * Begins the job whose turn it is: by priority, then of whoever was served longest ago, then the oldest.
   * Undefined: none waits. Looks at one row of each caller that waits, however many rows there are. None is
   * begun for a server that others take for ended.
   */
  begin(owner: string, now: number): BegunJob | undefined {
    if (this.#sql(highestPriority).get() === undefined) return undefined;
    return inTransaction(this.#database, () => {
      if (this.#sql('SELECT 1 FROM servers WHERE id = ?').get(owner) === undefined) return undefined;
      for (;;) {
        const { priority } = (this.#sql(highestPriority).get() ?? {}) as { priority?: number };
        if (priority === undefined) return undefined;
        const { caller } = this.#sql(nextCaller).get(priority) as { caller: string };
        const job = readJob(
          this.#sql(`${beginNext} RETURNING ${allColumns}`).get(owner, now, priority, caller),
        );
        this.#sql(takeTurn).run(caller);
        if (!job.isUnreadable) return job as BegunJob;
        this.#sql(`UPDATE jobs SET state = 'failed', error = ?, ended_at = ? WHERE id = ?`).run(
          JSON.stringify(job.error),
          now,
          job.id,
        );
      }
    });
  }

  /** Ends the jobs that wait and that `isLate` says are to be begun no more. @param server that tells of it */
  endLate(server: string, now: number): StoredJob[] {
    if (this.#sql(`SELECT 1 FROM jobs WHERE ${comesLate} LIMIT 1`).get(now) === undefined) return [];
    return this.#sql(
      `UPDATE jobs SET state = 'failed', error = ?, ended_at = ?, told_by = ? WHERE ${comesLate} RETURNING ${listedColumns}`,
    )
      .all(JSON.stringify(lateError), now, server, now)
      .map(readJob);
  }

  /** Fixes a job that was accepted before that could be done. */
  fix(id: string, owner: string, fixed: FixedChoices): boolean {
    return this.#own('fixed = ?', [textOf(fixed)], id, owner) !== undefined;
  }

  /** Writes down who is about to be asked. False: nobody may be, the job is no longer that server's. */
  noteAsked(id: string, owner: string, asked: AskedPlugin): boolean {
    return this.#own('asked = ?', [JSON.stringify(asked)], id, owner) !== undefined;
  }

  /**
   * Writes down what a grid has so far, and lists the images of its latest cell. Undefined: the job is no
   * longer that server's.
   */
  noteCell(id: string, owner: string, { soFar, cell }: MadeCell, now: number): StoredJob | undefined {
    return inTransaction(this.#database, () => {
      const job = this.#own('result = ?', [JSON.stringify(soFar)], id, owner);
      if (job) this.#images.add(job.caller, id, cell, now);
      return job;
    });
  }

  /**
   * Each job ends once, by the server whose it is, and its images are listed from then on. Undefined: it is
   * no longer that one's.
   */
  end(id: string, owner: string, end: JobEnd, now: number): StoredJob | undefined {
    const [state, column, value] =
      'result' in end ? ['succeeded', 'result', end.result] : ['failed', 'error', end.error];
    const change = `state = '${state}', ${column} = ?, ended_at = ?, told_by = owner`;
    return inTransaction(this.#database, () => {
      const ended = this.#own(change, [JSON.stringify(value), now], id, owner);
      if (ended?.result) this.#images.add(ended.caller, id, ended.result, now);
      return ended;
    });
  }

  /** Ends a job that has not ended, whoever works on it. Undefined: it has ended, or there is none. */
  cancel(id: string, server: string, now: number): StoredJob | undefined {
    const row = this.#sql(
      `UPDATE jobs SET state = 'cancelled', ended_at = ?, told_by = ? WHERE id = ? AND state IN ('queued', 'running')
       RETURNING ${listedColumns}`,
    ).get(now, server, id);
    return row === undefined ? undefined : readJob(row);
  }

  /**
   * Gives a job that waits another place in the queue. Undefined: it has begun or ended, or there is none.
   */
  setPriority(id: string, priority: number): StoredJob | undefined {
    const row = this.#sql(
      `UPDATE jobs SET priority = ? WHERE id = ? AND state = 'queued' RETURNING ${listedColumns}`,
    ).get(priority, id);
    return row === undefined ? undefined : readJob(row);
  }

  /** Puts a job back that could not be finished now; its caller is next. */
  putBack(id: string, owner: string): void {
    inTransaction(this.#database, () => {
      const job = this.#own(`state = 'queued', owner = NULL, started_at = NULL`, [], id, owner);
      if (job) this.#sql('UPDATE callers SET turn = 0 WHERE caller = ?').run(job.caller);
    });
  }

  /**
   * Puts back what counts as begun by that server and is not known to it, such as where it was not answered.
   */
  putBackStrays(owner: string, known: readonly string[]): void {
    const isStray = `state = 'running' AND owner = ? AND id NOT IN (SELECT value FROM json_each(?))`;
    const given = [owner, JSON.stringify(known)];
    if (this.#sql(`SELECT 1 FROM jobs WHERE ${isStray} LIMIT 1`).get(...given) === undefined) return;
    this.#sql(`UPDATE jobs SET state = 'queued', owner = NULL, started_at = NULL WHERE ${isStray}`).run(
      ...given,
    );
  }

  places(ids: readonly string[]): JobPlace[] {
    return this.#sql('SELECT id, state, owner FROM jobs WHERE id IN (SELECT value FROM json_each(?))').all(
      JSON.stringify(ids),
    ) as JobPlace[];
  }

  /** Takes ended jobs whose webhook nobody tells: at most so many. */
  claimUntold(server: string, limit: number): StoredJob[] {
    const untold = `webhook IS NOT NULL AND ended_at IS NOT NULL AND delivered_at IS NULL
      AND (told_by IS NULL OR told_by NOT IN (SELECT id FROM servers))`;
    if (this.#sql(`SELECT 1 FROM jobs WHERE ${untold} LIMIT 1`).get() === undefined) return [];
    return this.#sql(
      `UPDATE jobs SET told_by = ? WHERE rowid IN (SELECT rowid FROM jobs WHERE ${untold} LIMIT ?) RETURNING ${listedColumns}`,
    )
      .all(server, limit)
      .map(readJob);
  }

  markDelivered(id: string, now: number): void {
    this.#sql('UPDATE jobs SET delivered_at = ? WHERE id = ?').run(now, id);
  }

  /** Forgets what ended before a time, at most so many; answers how many. */
  sweep(before: number, limit: number): number {
    return this.#sql(
      'DELETE FROM jobs WHERE rowid IN (SELECT rowid FROM jobs WHERE ended_at < ? LIMIT ?)',
    ).run(before, limit).changes;
  }

  /** Changes a job that a server works on. Undefined: it is not that one's. */
  #own(change: string, values: unknown[], id: string, owner: string): StoredJob | undefined {
    const row = this.#sql(
      `UPDATE jobs SET ${change} WHERE id = ? AND state = 'running' AND owner = ? RETURNING ${listedColumns}`,
    ).get(...values, id, owner);
    return row === undefined ? undefined : readJob(row);
  }

  #sql(text: string): Database.Statement {
    const statement = this.#statements.get(text) ?? this.#database.prepare(text);
    this.#statements.set(text, statement);
    return statement;
  }
}

const textOf = (value: object | undefined): string | null =>
  value === undefined ? null : JSON.stringify(value);
