import type Database from 'libsql';

/**
 * Does all of the work or nothing of it; no other connection writes meanwhile. Work within other work is done
 * or undone with it.
 */
export function inTransaction<T>(database: Database.Database, work: () => T): T {
  if (database.inTransaction) return work();
  database.exec('BEGIN IMMEDIATE');
  try {
    const value = work();
    database.exec('COMMIT');
    return value;
  } catch (error) {
    // SQLite has rolled back by itself after some errors, such as a full disk.
    if (database.inTransaction) database.exec('ROLLBACK');
    throw error;
  }
}

const writes = /^\s*(INSERT|UPDATE|DELETE)\b/i;

/**
 * Has each statement that writes take its lock before it begins. One that began and found the database locked
 * would stay open until it is collected as garbage (libsql has no call that resets it), and all that the
 * connection reads meanwhile would be what was there then: sqlite.org/isolation.html.
 */
export function lockBeforeWriting(database: Database.Database): void {
  const prepare = database.prepare.bind(database);
  const prepareLocking = (text: string) => {
    const statement = prepare(text);
    if (!writes.test(text)) return statement;
    for (const name of ['run', 'get', 'all'] as const) {
      const act = statement[name].bind(statement) as (...values: unknown[]) => never;
      statement[name] = (...values: unknown[]) => inTransaction(database, () => act(...values));
    }
    return statement;
  };
  database.prepare = prepareLocking as typeof database.prepare;
}
