import { type BigIntStats, closeSync, fstatSync, openSync, rmSync, statSync } from 'node:fs';

/**
 * Where a database is that is open: where it was opened; there is another one in its place; it was moved
 * away, or the disk that it is on was; or it was removed, and cannot come back.
 */
export type Whereabouts = 'there' | 'replaced' | 'moved' | 'removed';

/**
 * Tells whether a path still leads to the database that was opened by it: SQLite goes on with the file that
 * it has open, wherever that is.
 */
export class FilePlace {
  readonly #path: string;
  readonly #descriptor: number;
  readonly #identity: string;
  /** Of what SQLite lays beside the file and has open as well. */
  readonly #companion: string | undefined;

  /** @param path of a database that is open */
  constructor(path: string) {
    this.#path = path;
    this.#descriptor = openSync(path, 'r');
    this.#identity = identityOf(fstatSync(this.#descriptor, { bigint: true }));
    this.#companion = this.#findCompanion();
  }

  /** Throws where the disk does not let it look. */
  find(): Whereabouts {
    const found = statSync(this.#path, { bigint: true, throwIfNoEntry: false });
    if (found) return identityOf(found) === this.#identity ? 'there' : 'replaced';
    return fstatSync(this.#descriptor, { bigint: true }).nlink === 0n ? 'removed' : 'moved';
  }

  /**
   * Removes what this database has left beside its path: another one there would be taken for the one that it
   * belongs to.
   */
  removeCompanions(): void {
    if (this.#companion === undefined || this.#findCompanion() !== this.#companion) return;
    for (const ending of ['-wal', '-shm']) rmSync(`${this.#path}${ending}`, { force: true });
  }

  /** Once SQLite has closed the file: it would lose its locks with this (fcntl(2)). */
  close(): void {
    closeSync(this.#descriptor);
  }

  #findCompanion(): string | undefined {
    const found = statSync(`${this.#path}-shm`, { bigint: true, throwIfNoEntry: false });
    return found && identityOf(found);
  }
}

const identityOf = ({ dev, ino }: BigIntStats) => `${dev} ${ino}`;
