import { dirname } from 'node:path';
import type Database from 'libsql';
import { carryOver } from './carry-over.js';
import { ChargeTable } from './charge-table.js';
import { faultOf, type StorageFault } from './fault.js';
import { FilePlace, type Whereabouts } from './file-place.js';
import { ImageTable } from './image-table.js';
import { JobTable } from './job-table.js';
import { openDatabase } from './open-database.js';
import { ServerTable } from './server-table.js';

export interface Tables {
  readonly jobs: JobTable;
  readonly images: ImageTable;
  readonly servers: ServerTable;
  readonly charges: ChargeTable;
}

interface Open extends Tables {
  readonly database: Database.Database;
  readonly place: FilePlace;
}

/**
 * Milliseconds that a file which was removed stays away before it is written again: whoever removes its
 * folder is done by then.
 */
const removedMs = 3_000;
/** Milliseconds after which a database that was found damaged is looked at again. */
const damagedMs = 2_000;

/** Thrown where the database is not at its path. */
export class MisplacedDatabase extends Error {}

/**
 * The database of jobs: opened at the first need, and held on to. SQLite would go on with a file that is no
 * longer at its path, and what it accepts would be lost. So each call finds it where it was, or fails: one
 * that was moved away is waited for, one that was removed is written again from what is open, and another one
 * in its place is taken, with what it lacks.
 */
export class KeptOpen {
  readonly #file: string;
  readonly #onNotice: (text: string) => void;
  #open: Open | undefined;
  #removedAt: number | undefined;
  #damage: { readonly error: unknown; readonly at: number } | undefined;

  /** @param onNotice told what somebody should know of */
  constructor(file: string, onNotice: (text: string) => void) {
    this.#file = file;
    this.#onNotice = onNotice;
  }

  /** Throws {@link MisplacedDatabase}, UnusableDatabase, and what SQLite and the system do. */
  tables(): Tables {
    if (this.#damage && performance.now() - this.#damage.at < damagedMs) throw this.#damage.error;
    this.#damage = undefined;
    if (!this.#open) {
      this.#open = this.#openFile();
      return this.#open;
    }
    const found = this.#open.place.find();
    if (found !== 'removed') this.#removedAt = undefined;
    if (found === 'there') return this.#open;
    if (!this.#mayTake(found)) throw new MisplacedDatabase(`the file was ${found}`);
    return this.#take(this.#open, found);
  }

  /**
   * To be told of what a call has failed with. A page that was read damaged would stay so, also where the
   * file is well again.
   */
  onFailure(error: unknown, { kind }: StorageFault): void {
    if (kind !== 'damaged' || this.#damage?.error === error) return;
    // Where it is another one that was found damaged, this one is kept.
    if (this.#open?.place.find() === 'there') this.close();
    this.#damage = { error, at: performance.now() };
  }

  close(): void {
    const open = this.#open;
    this.#open = undefined;
    if (open) close(open);
  }

  #mayTake(found: Whereabouts): boolean {
    if (found !== 'removed') return found === 'replaced';
    this.#removedAt ??= performance.now();
    return performance.now() - this.#removedAt > removedMs;
  }

  /** Goes on with what is at the path, or is made there. */
  #take(before: Open, found: Whereabouts): Tables {
    before.place.removeCompanions();
    const next = this.#openFile();
    let copied: number | undefined;
    try {
      copied = carryOver(before.database, this.#file);
    } catch (error) {
      const kind = faultOf(error)?.kind;
      // It will not be read at another time either.
      if (kind !== 'damaged' && kind !== 'disk') {
        close(next);
        throw error;
      }
    }
    this.#open = next;
    close(before);
    const what = copied === undefined ? 'what was in it cannot be read' : `${copied} jobs were copied`;
    this.#onNotice(
      found === 'removed'
        ? `${this.#file} was removed while it was open, and has been written again in ${dirname(this.#file)}: ${what}.`
        : `${this.#file} was replaced while it was open; the new one is used: ${what}.`,
    );
    return next;
  }

  #openFile(): Open {
    const database = openDatabase(this.#file);
    try {
      const place = new FilePlace(this.#file);
      const images = new ImageTable(database);
      return {
        database,
        place,
        images,
        jobs: new JobTable(database, images),
        servers: new ServerTable(database),
        charges: new ChargeTable(database),
      };
    } catch (error) {
      database.close();
      throw error;
    }
  }
}

function close({ database, place }: Open): void {
  database.close();
  place.close();
}
