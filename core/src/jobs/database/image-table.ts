import type Database from 'libsql';
import type { ImageResult } from '../../results/image-result.js';
import type { JobImage, JobResult } from '../job.js';

/** What a stored image came from. */
export interface ImageOrigin extends Pick<ImageResult, 'warnings' | 'cost' | 'timings' | 'provenance'> {
  readonly images: readonly JobImage[];
}

/** An image that was made, as lists have it. */
export interface ListedImage {
  readonly name: string;
  /** Milliseconds since 1970. */
  readonly createdAt: number;
  readonly job: string | null;
  readonly prompt: string;
  readonly model: string;
  readonly plugin: string;
  readonly mediaType: string;
  readonly width: number;
  readonly height: number;
  readonly seed: number | null;
  readonly starred: 0 | 1;
}

export interface ImageFilter {
  /** Whose; undefined: everybody's. */
  readonly caller?: string | undefined;
  /** In its prompt. */
  readonly text?: string | undefined;
  readonly model?: string | undefined;
  readonly plugin?: string | undefined;
  readonly starred?: boolean | undefined;
  /** Made at this time or later; milliseconds since 1970. */
  readonly since?: number | undefined;
  /** Made before this time; milliseconds since 1970. */
  readonly before?: number | undefined;
}

export interface DayCost {
  readonly day: string;
  readonly plugin: string;
  readonly currency: string;
  readonly amount: number;
  readonly calls: number;
}

const columns = `name, created_at AS createdAt, job, prompt, model, plugin, media_type AS mediaType, width, height, seed, starred`;

/** All images that were made and are kept, with what is known of them. */
export class ImageTable {
  readonly #database: Database.Database;

  constructor(database: Database.Database) {
    this.#database = database;
  }

  /**
   * Adds the images of a call; one that its caller has already is put in front again, and is no longer
   * deleted.
   */
  add(caller: string, job: string | null, { images, ...about }: ImageOrigin | JobResult, now: number): void {
    const { provenance } = about;
    const insert = this.#database.prepare(
      `INSERT INTO images (name, caller, created_at, job, prompt, model, plugin, media_type, width, height, seed, about)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
       ON CONFLICT (caller, name) DO UPDATE SET deleted_at = NULL`,
    );
    for (const { name, mediaType, width, height, seed = null } of images)
      insert.run(
        name,
        caller,
        now,
        job,
        provenance.parameters.prompt,
        provenance.model,
        provenance.plugin.id,
        mediaType,
        width,
        height,
        seed,
        JSON.stringify(about),
      );
  }

  /** The newest first, from the given place on, and how many there are in all. */
  list(filter: ImageFilter, offset: number, limit: number): { total: number; images: ListedImage[] } {
    const { where, given } = conditionsOf(filter);
    const { total } = this.#database
      .prepare(`SELECT COUNT(*) AS total FROM images WHERE ${where}`)
      .get(...given) as { total: number };
    const images = this.#database
      .prepare(
        `SELECT ${columns} FROM images WHERE ${where} ORDER BY created_at DESC, id DESC LIMIT ? OFFSET ?`,
      )
      .all(...given, limit, offset) as ListedImage[];
    return { total, images };
  }

  /** How many images there are of each day, the newest first. */
  days(filter: ImageFilter): { day: string; count: number }[] {
    const { where, given } = conditionsOf(filter);
    return this.#database
      .prepare(
        `SELECT date(created_at / 1000, 'unixepoch') AS day, COUNT(*) AS count FROM images WHERE ${where}
         GROUP BY day ORDER BY day DESC`,
      )
      .all(...given) as { day: string; count: number }[];
  }

  /** What the calls cost whose images are kept, by day (UTC), plugin and currency; the newest day first. */
  costs(caller: string | undefined, since: number): DayCost[] {
    const whose = caller === undefined ? '' : 'AND caller = ?';
    return this.#database
      .prepare(
        `SELECT date(created_at / 1000, 'unixepoch') AS day, plugin, json_extract(cost, '$.currency') AS currency,
           SUM(json_extract(cost, '$.amount')) AS amount, COUNT(*) AS calls
         FROM (SELECT DISTINCT caller, job, created_at, plugin, json_extract(about, '$.cost') AS cost FROM images
           WHERE created_at >= ? ${whose})
         WHERE cost IS NOT NULL GROUP BY day, plugin, currency ORDER BY day DESC, plugin, currency`,
      )
      .all(since, ...(caller === undefined ? [] : [caller])) as DayCost[];
  }

  /** Those of some jobs that no image is of. */
  unknownJobs(ids: readonly string[]): string[] {
    const rows = this.#database
      .prepare('SELECT DISTINCT job FROM images WHERE job IN (SELECT value FROM json_each(?))')
      .all(JSON.stringify(ids)) as { job: string }[];
    const known = new Set(rows.map(({ job }) => job));
    return ids.filter((id) => !known.has(id));
  }

  /** An image with all that is known of it, as text. Undefined: there is none. */
  get(caller: string | undefined, name: string): (ListedImage & { about: string }) | undefined {
    const { where, given } = conditionsOf({ caller });
    return this.#database
      .prepare(`SELECT ${columns}, about FROM images WHERE ${where} AND name = ? LIMIT 1`)
      .get(...given, name) as (ListedImage & { about: string }) | undefined;
  }

  /** Answers how many were there to be changed. */
  star(caller: string | undefined, names: readonly string[], isStarred: boolean): number {
    return this.#change('starred = ?', isStarred ? 1 : 0, caller, names);
  }

  /**
   * Deletes images; until they are cleared away they can be had back. @param at undefined: they are had back
   */
  setDeleted(caller: string | undefined, names: readonly string[], at: number | undefined): number {
    return this.#change('deleted_at = ?', at ?? null, caller, names);
  }

  /** Forgets what was deleted before a time. Answers the names that nobody has now. */
  clearDeleted(before: number): string[] {
    const gone = this.#database
      .prepare('DELETE FROM images WHERE deleted_at < ? RETURNING name')
      .all(before) as { name: string }[];
    const others = this.#database.prepare('SELECT 1 FROM images WHERE name = ? LIMIT 1');
    return [...new Set(gone.map(({ name }) => name))].filter((name) => others.get(name) === undefined);
  }

  /** Forgets images whose files are gone. */
  forget(names: readonly string[]): void {
    this.#database
      .prepare('DELETE FROM images WHERE name IN (SELECT value FROM json_each(?))')
      .run(JSON.stringify(names));
  }

  #change(
    change: string,
    value: number | null,
    caller: string | undefined,
    names: readonly string[],
  ): number {
    const whose = caller === undefined ? '' : 'AND caller = ?';
    return this.#database
      .prepare(`UPDATE images SET ${change} WHERE name IN (SELECT value FROM json_each(?)) ${whose}`)
      .run(value, JSON.stringify(names), ...(caller === undefined ? [] : [caller])).changes;
  }
}

function conditionsOf({ caller, text, model, plugin, starred, since, before }: ImageFilter) {
  const conditions: (readonly [string, string | number | undefined])[] = [
    ['caller = ?', caller],
    [`prompt LIKE ? ESCAPE '\\'`, text === undefined ? undefined : `%${text.replace(/[\\%_]/g, '\\$&')}%`],
    ['model = ?', model],
    ['plugin = ?', plugin],
    ['starred = ?', starred ? 1 : undefined],
    ['created_at >= ?', since],
    ['created_at < ?', before],
  ];
  const present = conditions.filter(([, value]) => value !== undefined);
  return {
    where: ['deleted_at IS NULL', ...present.map(([condition]) => condition)].join(' AND '),
    given: present.map(([, value]) => value as string | number),
  };
}
