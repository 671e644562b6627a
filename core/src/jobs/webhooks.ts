import { createHmac } from 'node:crypto';
import { setMaxListeners } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import type { HostLogger } from '../observe/plugin-logger.js';
import type { DatabaseThread } from './database/database-thread.js';
import type { StoredJob } from './job.js';
import { postWebhook } from './post-webhook.js';
import { untilStored } from './until-stored.js';

/** Milliseconds before each try; after the last one it is given up. */
const waitsMs = [0, 1_000, 10_000, 60_000, 600_000];

/**
 * Milliseconds between two looks for jobs whose server has ended before their webhook was told, and how many
 * are taken at once.
 */
const lookMs = 5_000;
const takenAtOnce = 20;

export interface WebhookOptions {
  readonly database: DatabaseThread;
  /** Id of this server. Undefined: it works on no jobs now. */
  readonly holder: () => string | undefined;
  /** Signs what is told, so that the one who is told can trust it. Absent: it is not signed. */
  readonly secret: () => string | undefined;
  /** Whether hosts that are not public may be told. */
  readonly privateAddresses: () => boolean;
  readonly describe: (job: StoredJob) => object;
  readonly logger: HostLogger;
}

/**
 * Tells the webhook of a job that it has ended: a POST of the job as JSON, with `easel-signature:
 * t=<seconds>,v1=<HMAC-SHA256 of "<seconds>.<body>">`; again after a while where it does not answer 2xx. What
 * a server has not told when it ends, another one tells, or the next start.
 */
export class Webhooks {
  readonly #options: WebhookOptions;
  readonly #closing = new AbortController();
  readonly #telling = new Set<string>();
  readonly #timer: NodeJS.Timeout;

  constructor(options: WebhookOptions) {
    this.#options = options;
    // Each delivery under way listens to it.
    setMaxListeners(0, this.#closing.signal);
    this.#timer = setInterval(() => void this.#takeOver(), lookMs).unref();
  }

  /** Begins to tell; does not wait for it. */
  tell(job: StoredJob): void {
    const { id, webhook } = job;
    if (webhook === undefined || this.#telling.has(id)) return;
    this.#telling.add(id);
    void this.#deliver(job, webhook)
      .catch((error: Error) => {
        if (!this.#closing.signal.aborted)
          this.#options.logger.error(`The webhook of the job ${id} was not told: ${error.message}`);
      })
      .finally(() => this.#telling.delete(id));
  }

  close(): void {
    clearInterval(this.#timer);
    this.#closing.abort();
  }

  async #takeOver(): Promise<void> {
    const { database, holder } = this.#options;
    const server = holder();
    if (server === undefined) return;
    // Where nothing can be read now, the next look may.
    const jobs = await database.jobTable.claimUntold(server, takenAtOnce).catch(() => []);
    for (const job of jobs) this.tell(job);
  }

  async #deliver(job: StoredJob, url: string): Promise<void> {
    const { database, describe, logger } = this.#options;
    const { signal } = this.#closing;
    const body = JSON.stringify(describe(job));
    let isTold = false;
    for (const waitMs of waitsMs) {
      await delay(waitMs, undefined, { signal, ref: false });
      isTold = await this.#post(url, body).then(
        () => true,
        (error: Error) => {
          signal.throwIfAborted();
          logger.warn(`The webhook of the job ${job.id} was not told: ${error.message}`);
          return false;
        },
      );
      if (isTold) break;
    }
    if (!isTold) logger.error(`The webhook of the job ${job.id} was given up.`);
    await untilStored(() => database.jobTable.markDelivered(job.id, Date.now()), signal);
  }

  async #post(url: string, body: string): Promise<void> {
    const { secret, privateAddresses } = this.#options;
    const seconds = Math.floor(Date.now() / 1_000);
    const key = secret();
    const signature =
      key && `t=${seconds},v1=${createHmac('sha256', key).update(`${seconds}.${body}`).digest('hex')}`;
    await postWebhook(url, {
      body,
      signature,
      privateAddresses: privateAddresses(),
      signal: this.#closing.signal,
    });
  }
}
