import { setTimeout as delay } from 'node:timers/promises';
import type { ServerConfiguration } from '../config/server-configuration.js';
import type { Charges } from '../costs/charges.js';
import { dayOf } from '../costs/ledger.js';
import type { DatabaseThread } from '../jobs/database/database-thread.js';
import type { HostLogger } from '../observe/plugin-logger.js';
import type { ResultCache } from '../results/result-cache.js';
import type { ResultStore } from '../results/result-store.js';

const hourMs = 3_600_000;
const dayMs = 24 * hourMs;
/** Milliseconds for which a deleted image can be had back. */
const undoMs = hourMs;
/** Days for which it is known what calls have cost. */
const keptDays = 400;
/** Jobs that are forgotten at once; others have their turn in between. */
const sweptAtOnce = 500;
/** Milliseconds that closing waits for the step that is under way. */
const closeMs = 2_000;

export interface SweptStorage {
  readonly database: DatabaseThread;
  readonly charges: Charges;
  readonly results: ResultStore;
  readonly inputs: ResultStore;
  readonly cache: ResultCache;
  readonly configuration: Pick<ServerConfiguration, 'resultDays' | 'resultsMb'>;
  readonly logger: HostLogger;
}

/** Clears away what is too old, or too much, at once and every hour. */
export class StorageSweep {
  readonly #storage: SweptStorage;
  readonly #timer: NodeJS.Timeout;
  #sweeping: Promise<void> | undefined;
  #isClosed = false;

  constructor(storage: SweptStorage) {
    this.#storage = storage;
    this.#timer = setInterval(() => this.#begin(() => {}), hourMs).unref();
    this.#begin((error) => storage.logger.warn(`Old pictures could not be cleared away: ${error}`));
  }

  /** Leaves the rest for the next start. */
  async close(): Promise<void> {
    this.#isClosed = true;
    clearInterval(this.#timer);
    await Promise.race([this.#sweeping, delay(closeMs, undefined, { ref: false })]);
  }

  #begin(onFailure: (error: unknown) => void): void {
    this.#sweeping ??= this.#sweep()
      .catch((error: unknown) => {
        if (!this.#isClosed) onFailure(error);
      })
      .finally(() => {
        this.#sweeping = undefined;
      });
  }

  async #sweep(): Promise<void> {
    for (const step of this.#steps()) {
      if (this.#isClosed) return;
      await step();
    }
  }

  #steps(): (() => Promise<unknown>)[] {
    const { database, charges, results, inputs, cache, configuration } = this.#storage;
    const { resultDays: days, resultsMb: megabytes } = configuration;
    return [
      async () => {
        const before = Date.now() - days * dayMs;
        while (!this.#isClosed && (await database.jobTable.sweep(before, sweptAtOnce)) === sweptAtOnce);
      },
      async () => {
        const deleted = await database.imageTable.clearDeleted(Date.now() - undoMs);
        for (const name of deleted) await results.remove(name);
      },
      // The gallery lists what is there.
      async () => database.imageTable.forget(await results.sweep({ days, megabytes }, Date.now())),
      () => cache.sweep(days, Date.now()),
      () => charges.forget(dayOf(Date.now() - keptDays * dayMs)),
      () => inputs.sweep({ days, megabytes }, Date.now()),
    ];
  }
}
