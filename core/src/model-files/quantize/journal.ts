import { appendFile, readFile, rm } from 'node:fs/promises';
import { z } from 'zod';
import { writeWholeFile } from '../../results/write-whole-file.js';

const headSchema = z.object({ of: z.string() });
const lineSchema = z.object({ unit: z.int().nonnegative(), hashes: z.array(z.string()) });

/** What of a file is on the disk, so that a copy that was cut off goes on where it stopped. */
export class Journal {
  /** By unit: the hash of each of its places. */
  readonly done: Map<number, readonly string[]>;
  readonly #path: string;

  private constructor(path: string, done: Map<number, readonly string[]>) {
    this.#path = path;
    this.done = done;
  }

  /**
   * Opens the journal of a file, or begins one.
   *
   * @param of what is written from what: a journal of something else is begun anew
   */
  static async open(path: string, of: string): Promise<Journal> {
    const [head, ...lines] = (await readFile(path, 'utf8').catch(() => '')).split('\n').map(parse);
    const isSame = headSchema.safeParse(head).data?.of === of;
    if (!isSame) {
      await writeWholeFile(path, Buffer.from(`${JSON.stringify({ of })}\n`), { replace: true });
      return new Journal(path, new Map());
    }
    // A line that was cut off is none.
    const known = lines.flatMap((line) => lineSchema.safeParse(line).data ?? []);
    return new Journal(path, new Map(known.map(({ unit, hashes }) => [unit, hashes])));
  }

  /** Notes units whose bytes are on the disk. */
  async add(units: ReadonlyMap<number, readonly string[]>): Promise<void> {
    const lines = [...units].map(([unit, hashes]) => `\n${JSON.stringify({ unit, hashes })}`);
    await appendFile(this.#path, lines.join(''));
    for (const [unit, hashes] of units) this.done.set(unit, hashes);
  }

  async remove(): Promise<void> {
    await rm(this.#path, { force: true });
  }
}

function parse(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
}
