import type Database from 'libsql';
import { inTransaction } from './transaction.js';

/** A server that works on jobs of a database. */
export interface ServerRow {
  readonly id: string;
  readonly pid: number;
  /** When its process began, as `processStart` tells it. Empty: not known. */
  readonly startedAt: string;
  /** What tells whether a process id of it means anything here. Empty: not known. */
  readonly machine: string;
  /** Changes for as long as it lives. */
  readonly beat: number;
}

/** The servers that share a database: whose jobs are whose. */
export class ServerTable {
  readonly #database: Database.Database;

  constructor(database: Database.Database) {
    this.#database = database;
  }

  register({ id, pid, startedAt, machine }: Omit<ServerRow, 'beat'>): void {
    this.#database
      .prepare('INSERT INTO servers (id, pid, started_at, machine, beat) VALUES (?, ?, ?, ?, 0)')
      .run(id, pid, startedAt, machine);
  }

  /** Tells that it lives. False: another one has taken its jobs over. */
  beat(id: string): boolean {
    return this.#database.prepare('UPDATE servers SET beat = beat + 1 WHERE id = ?').run(id).changes > 0;
  }

  others(id: string): ServerRow[] {
    return this.#database
      .prepare('SELECT id, pid, started_at AS startedAt, machine, beat FROM servers WHERE id <> ?')
      .all(id) as ServerRow[];
  }

  /**
   * Removes servers that have ended, unless one has told meanwhile that it lives, and puts back the jobs that
   * are nobody's. Answers how many.
   */
  takeOver(ended: readonly Pick<ServerRow, 'id' | 'beat'>[]): number {
    const isNobodys = `state = 'running' AND (owner IS NULL OR owner NOT IN (SELECT id FROM servers))`;
    const stray = this.#database.prepare(`SELECT 1 FROM jobs WHERE ${isNobodys} LIMIT 1`);
    if (ended.length === 0 && stray.get() === undefined) return 0;
    return inTransaction(this.#database, () => {
      const remove = this.#database.prepare('DELETE FROM servers WHERE id = ? AND beat = ?');
      for (const { id, beat } of ended) remove.run(id, beat);
      return this.#database
        .prepare(`UPDATE jobs SET state = 'queued', owner = NULL, started_at = NULL WHERE ${isNobodys}`)
        .run().changes;
    });
  }
}
