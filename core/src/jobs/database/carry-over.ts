import type Database from 'libsql';
import { inTransaction } from './transaction.js';

/**
 * Copies what one database has and the one at a path lacks: jobs, the turns of their callers, the servers
 * that work on them, and what calls have cost. Of a job that both have, the one that has ended counts.
 * Answers how many jobs were copied.
 *
 * @param file absolute path of a database whose tables are of the same version
 */
export function carryOver(from: Database.Database, file: string): number {
  from.prepare('ATTACH ? AS next').run(file);
  try {
    return inTransaction(from, () => {
      for (const table of ['callers', 'servers', 'charges'])
        from.exec(`INSERT OR IGNORE INTO next.${table} SELECT * FROM main.${table}`);
      const { changes: ended } = from
        .prepare(
          `DELETE FROM next.jobs WHERE ended_at IS NULL
           AND id IN (SELECT id FROM main.jobs WHERE ended_at IS NOT NULL)`,
        )
        .run();
      const columns = (from.prepare('PRAGMA main.table_info(jobs)').all() as { name: string }[])
        .map(({ name }) => name)
        .join(', ');
      // In the order in which they were accepted.
      const copied = from
        .prepare(
          `INSERT OR IGNORE INTO next.jobs (${columns}) SELECT ${columns} FROM main.jobs ORDER BY main.jobs.rowid`,
        )
        .run();
      return Math.max(copied.changes, ended);
    });
  } finally {
    from.exec('DETACH next');
  }
}
