import { EaselError } from '@easel/plugin-sdk';
import type { HostLogger } from '../observe/plugin-logger.js';
import type { DatabaseThread } from './database/database-thread.js';
import type { ServerRow } from './database/server-table.js';
import { createMark, dropMark, isServerRunning, type ServerMark } from './server-mark.js';

const lookMs = 1_000;
const beatMs = 8_000;
/**
 * Milliseconds without a sign of life after which a server counts as ended whose process cannot be looked at.
 */
const leaseMs = 30_000;
/** Looks in a row that find a process gone: its plugins' processes may need a moment to end. */
const looksUntilEnded = 2;
/** Milliseconds between two looks after which this process itself has been asleep, and has seen nothing. */
const asleepMs = 10_000;

/** What this server has seen of another one. */
interface Sighting {
  readonly beat: number;
  readonly seenAt: number;
  readonly missed: number;
}

/**
 * The hold of this server on the jobs that it works on. Servers that share a database look after one another:
 * the jobs of one that has ended are put back for whoever lives, never those of one that lives. Where its
 * process can be looked at, that decides; where it cannot, because it is on another machine or in another
 * container, a beat that it writes down has to stand still for half a minute on the clock of whoever looks,
 * so that clocks may differ and step. A server that was taken for ended is told so by its next beat.
 */
export class ServerLease {
  readonly #database: DatabaseThread;
  readonly #logger: HostLogger;
  readonly #onLost: () => void;
  readonly #onChange: () => void;
  readonly #sightings = new Map<string, Sighting>();
  #mark: ServerMark | undefined;
  #isClosed = false;
  #beatenAt = 0;
  #lookedAt = performance.now();
  #beating: Promise<void> | undefined;
  #looking: Promise<void> | undefined;
  #timer: NodeJS.Timeout | undefined;

  /**
   * @param onLost told when this server's jobs have been taken over
   * @param onChange told when there may be jobs to begin: this server may begin some now, or those of others
   * have been put back
   */
  constructor(options: {
    readonly database: DatabaseThread;
    readonly logger: HostLogger;
    readonly onLost: () => void;
    readonly onChange: () => void;
  }) {
    this.#database = options.database;
    this.#logger = options.logger;
    this.#onLost = options.onLost;
    this.#onChange = options.onChange;
  }

  /** Id under which this server works on jobs. Undefined: it cannot now. */
  get holder(): string | undefined {
    return this.#mark?.id;
  }

  start(): void {
    this.#timer ??= setInterval(() => this.#look(), lookMs).unref();
    this.#look();
  }

  /** Tells that this server lives. Rejects with ERR_STORAGE where that cannot be written, or it has ended. */
  async beat(): Promise<void> {
    if (this.#isClosed) throw ended();
    this.#beating ??= this.#beat().finally(() => {
      this.#beating = undefined;
    });
    await this.#beating;
  }

  async #beat(): Promise<void> {
    if (!this.#mark) return await this.#register();
    const mark = this.#mark;
    if (await this.#database.serverTable.beat(mark.id)) {
      this.#beatenAt = performance.now();
      return;
    }
    this.#mark = undefined;
    dropMark(mark);
    this.#logger.warn('Another server has taken over the jobs of this one, as it did not answer for long.');
    this.#onLost();
    await this.#register();
  }

  /**
   * Lets go of all jobs. Rejects with ERR_STORAGE where that cannot be written; others find out by themselves
   * then.
   */
  async close(): Promise<void> {
    this.#isClosed = true;
    clearInterval(this.#timer);
    await this.#looking;
    await this.#beating?.catch(() => {});
    const mark = this.#mark;
    this.#mark = undefined;
    if (!mark) return;
    dropMark(mark);
    const [row] = await this.#database.serverTable
      .others('')
      .then((all) => all.filter(({ id }) => id === mark.id));
    if (row) await this.#database.serverTable.takeOver([row]);
  }

  async #register(): Promise<void> {
    const mark = createMark();
    await this.#database.serverTable.register(mark).catch((error: unknown) => {
      dropMark(mark);
      throw error;
    });
    this.#beatenAt = performance.now();
    this.#mark = mark;
    this.#onChange();
  }

  #look(): void {
    this.#looking ??= this.#lookOnce()
      .catch((error: unknown) => {
        // What was not seen because nothing could be read or written says nothing of others.
        this.#sightings.clear();
        this.#logger.warn(
          `The servers that share the jobs cannot be looked after now: ${(error as Error).message}`,
        );
      })
      .finally(() => {
        this.#looking = undefined;
      });
  }

  async #lookOnce(): Promise<void> {
    const now = performance.now();
    if (now - this.#lookedAt > asleepMs) this.#sightings.clear();
    this.#lookedAt = now;
    if (!this.#mark || now - this.#beatenAt > beatMs) await this.beat();
    const others = await this.#database.serverTable.others(this.#mark?.id ?? '');
    const ended = others.filter((server) => this.#hasEnded(server));
    if ((await this.#database.serverTable.takeOver(ended)) > 0) this.#onChange();
    for (const { id } of ended) this.#sightings.delete(id);
  }

  #hasEnded(server: ServerRow): boolean {
    const now = performance.now();
    const seen = this.#sightings.get(server.id);
    const isRunning = isServerRunning(server);
    const hasMoved = seen?.beat !== server.beat;
    const missed = isRunning === false ? (seen?.missed ?? 0) + 1 : 0;
    const seenAt = seen === undefined || hasMoved ? now : seen.seenAt;
    this.#sightings.set(server.id, { beat: server.beat, seenAt, missed });
    if (isRunning !== undefined) return missed >= looksUntilEnded;
    return now - seenAt > leaseMs;
  }
}

const ended = () =>
  new EaselError({
    code: 'ERR_STORAGE',
    message: 'The server has ended, and works on no jobs any more.',
    hint: 'Ask the next server.',
  });
