import { createHash, randomUUID } from 'node:crypto';
import { mkdir, readdir, readFile, rename, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { EaselError, type Logger } from '@easel/plugin-sdk';
import type { Content, Part } from '@google/genai';
import { z } from 'zod';
import { type ModelAnswer, picturesOf } from './answer.js';

const sweepMs = 3_600_000;
/** Turns that a conversation may have; each is read from disk and sent again. */
const mostTurns = 50;

/** Digits of a turn's id. */
export const turnId = z.string().regex(/^[0-9a-f]{32}$/, 'is no id of a turn');

const isObject = (value: unknown) => typeof value === 'object' && value !== null;
/** Parts go back as they came. */
const contentSchema = z.object({ role: z.string(), parts: z.array(z.custom<Part>(isObject)) });
const turnSchema = z.object({
  version: z.literal(1),
  model: z.string(),
  /** The turn that it went on from. Absent: it was the first. */
  previous: turnId.optional(),
  user: contentSchema,
  answer: contentSchema,
});
type Turn = z.output<typeof turnSchema>;

/** What was asked in a turn, and after what. */
export interface AskedTurn {
  readonly model: string;
  readonly previous: string | undefined;
  readonly user: Content;
}

export interface TurnsOptions {
  /** Absolute path of a folder of the plugin's own. */
  readonly storageFolder: string;
  /** Milliseconds that a turn is kept after it was made or went on from. */
  readonly keepMs: number;
  readonly logger: Pick<Logger, 'error'>;
}

/**
 * Turns of conversations on disk, a file each: what was asked, and what the model answered with the
 * signatures of its thoughts, which Google wants back with each image that it has made:
 * ai.google.dev/gemini-api/docs/thought-signatures.
 */
export class Turns {
  readonly #folder: string;
  readonly #options: TurnsOptions;
  #sweptAt = 0;

  constructor(options: TurnsOptions) {
    this.#options = options;
    this.#folder = join(options.storageFolder, 'turns');
  }

  /**
   * Keeps a turn; the same turn has the same id. Undefined: nobody can go on from it, since its image has no
   * signature or the disk is full; the image is there all the same.
   */
  async keep({ model, previous, user }: AskedTurn, answer: ModelAnswer): Promise<string | undefined> {
    const parts = partsToSend(answer);
    if (picturesOf(answer).areThoughts || !parts) return undefined;
    const turn = { version: 1, model, previous, user, answer: { role: 'model', parts } };
    const text = JSON.stringify(turn);
    const id = createHash('sha256').update(text).digest('hex').slice(0, 32);
    try {
      await mkdir(this.#folder, { recursive: true, mode: 0o700 });
      const staged = join(this.#folder, `${id}.${randomUUID()}.new`);
      await writeFile(staged, text, { mode: 0o600 });
      await rename(staged, this.#pathOf(id));
      void this.#sweep();
      return id;
    } catch (error) {
      this.#options.logger.error(`A turn cannot be written down: ${(error as Error).message}`);
      return undefined;
    }
  }

  /**
   * All that was said up to a turn, the oldest first.
   *
   * @throws ERR_REQUEST_INVALID where one of the turns is not there any more, or is of another model
   */
  async read(id: string | undefined, model: string): Promise<Content[]> {
    const contents: Content[] = [];
    let next = id;
    for (let count = 0; next !== undefined; count++) {
      if (count === mostTurns) throw unusable(`it has more than ${mostTurns} turns`);
      const turn = await this.#readTurn(next);
      if (!turn) throw unusable(`${next === id ? 'the turn' : 'one before it'} is not kept, or no more`);
      if (turn.model !== model) throw unusable(`it is one of ${turn.model}, not of ${model}`);
      contents.unshift(turn.user, turn.answer);
      next = turn.previous;
    }
    return contents;
  }

  async #readTurn(id: string): Promise<Turn | undefined> {
    const path = this.#pathOf(id);
    try {
      const turn = turnSchema.parse(JSON.parse(await readFile(path, 'utf8')));
      const now = new Date();
      await utimes(path, now, now);
      return turn;
    } catch {
      return undefined;
    }
  }

  async #sweep(): Promise<void> {
    const now = Date.now();
    if (now - this.#sweptAt < sweepMs) return;
    this.#sweptAt = now;
    for (const file of await readdir(this.#folder).catch(() => [])) {
      const path = join(this.#folder, file);
      const { mtimeMs } = await stat(path).catch(() => ({ mtimeMs: now }));
      if (now - mtimeMs > this.#options.keepMs) await rm(path, { force: true }).catch(() => {});
    }
  }

  #pathOf(id: string): string {
    return join(this.#folder, `${id}.json`);
  }
}

/** What the model answered, without its thoughts. Undefined: there is nothing of it. */
function partsToSend({ candidates }: ModelAnswer): unknown[] | undefined {
  const parts = candidates[0]?.content?.parts.filter(({ thought }) => !thought) ?? [];
  return parts.length === 0 ? undefined : parts.map(({ thought: _, ...part }) => part);
}

const unusable = (why: string) =>
  new EaselError({
    code: 'ERR_REQUEST_INVALID',
    field: 'providerOptions.gemini.previousTurn',
    message: `previousTurn: ${why}.`,
    hint: 'Take an id of `turns` in what an image tells of itself, or send the image as an input image.',
  });
