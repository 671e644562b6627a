import { createHmac } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { linkSignals } from '@easel/plugin-sdk';
import type { HostLogger } from '../observe/plugin-logger.js';
import type { JobStore, StoredJob } from './job-store.js';
import { isPublicHost } from './public-host.js';

/** Milliseconds before each try; after the last one it is given up. */
const waitsMs = [0, 1_000, 10_000, 60_000, 600_000];
const answerMs = 10_000;

export interface WebhookOptions {
  readonly store: JobStore;
  /** Signs what is told, so that the one who is told can trust it. Absent: it is not signed. */
  readonly secret: () => string | undefined;
  /** Whether hosts that are not public may be told. */
  readonly privateAddresses: boolean;
  readonly describe: (job: StoredJob) => object;
  readonly logger: HostLogger;
}

/**
 * Tells the webhook of a job that it has ended: a POST of the job as JSON, with `easel-signature: t=<seconds>,v1=<HMAC-SHA256 of
 * "<seconds>.<body>">`; again after a while where it does not answer 2xx, and after a restart.
 */
export class Webhooks {
  readonly #options: WebhookOptions;
  readonly #closing = new AbortController();

  constructor(options: WebhookOptions) {
    this.#options = options;
    for (const job of options.store.undelivered()) this.tell(job);
  }

  /** Begins to tell; does not wait for it. */
  tell(job: StoredJob): void {
    if (job.webhook !== undefined) void this.#deliver(job, job.webhook).catch(() => {});
  }

  close(): void {
    this.#closing.abort();
  }

  async #deliver(job: StoredJob, url: string): Promise<void> {
    const { store, describe, logger } = this.#options;
    const body = JSON.stringify(describe(job));
    for (const waitMs of waitsMs) {
      await delay(waitMs, undefined, { signal: this.#closing.signal, ref: false });
      try {
        await this.#post(url, body);
        store.markDelivered(job.id);
        return;
      } catch (error) {
        if (this.#closing.signal.aborted) return;
        logger.warn(`The webhook of the job ${job.id} was not told: ${(error as Error).message}`);
      }
    }
    store.markDelivered(job.id);
    logger.error(`The webhook of the job ${job.id} was given up.`);
  }

  async #post(url: string, body: string): Promise<void> {
    const { secret, privateAddresses } = this.#options;
    const target = new URL(url);
    const { protocol, hostname, username, password } = target;
    // `fetch` takes no URL with a password in it, and would tell it in its error.
    target.username = '';
    target.password = '';
    const credentials = `${decodeURIComponent(username)}:${decodeURIComponent(password)}`;
    if (!privateAddresses && (protocol !== 'https:' || !(await isPublicHost(hostname))))
      throw new Error('its host is not a public one that speaks https');
    const seconds = Math.floor(Date.now() / 1_000);
    const key = secret();
    const signature = key && createHmac('sha256', key).update(`${seconds}.${body}`).digest('hex');
    const { signal, unlink } = linkSignals([this.#closing.signal], answerMs);
    const response = await fetch(target, {
      method: 'POST',
      // A redirect could lead anywhere.
      redirect: 'error',
      headers: {
        'content-type': 'application/json',
        ...(credentials === ':'
          ? {}
          : { authorization: `Basic ${Buffer.from(credentials).toString('base64')}` }),
        ...(signature ? { 'easel-signature': `t=${seconds},v1=${signature}` } : {}),
      },
      body,
      signal,
    }).finally(unlink);
    await response.body?.cancel();
    if (!response.ok) throw new Error(`it answered ${response.status}`);
  }
}
