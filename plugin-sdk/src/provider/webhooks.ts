import { createHmac, timingSafeEqual } from 'node:crypto';
import { z } from 'zod';
import type { Webhook } from '../webhook.js';

/** The setting of plugins whose provider can tell of its tasks, to be spread into their `config`. */
export const webhookSettings = {
  webhooks: z
    .boolean()
    .default(false)
    .describe(
      'Whether the provider is asked to tell of each task that has ended, at `server.publicUrl`. Absent: no; it is asked about tasks, as it is besides where a webhook gets lost.',
    ),
} as const;

/** Seconds that a signature may be old, or its clock ahead; as both Standard Webhooks and fal have it. */
const toleranceS = 300;

/** Whether a signature was made about now: one that somebody has recorded is not believed for long. */
export function isRecent(timestamp: string | undefined, now = Date.now()): boolean {
  return /^\d{1,12}$/.test(timestamp ?? '') && Math.abs(now / 1000 - Number(timestamp)) <= toleranceS;
}

/**
 * Whether a webhook is signed as Standard Webhooks says: `webhook-signature` has `v1,` and the HMAC-SHA256 of
 * id, timestamp and body.
 *
 * @param secret as its provider tells it: base64 after `whsec_`
 * @see https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
 */
export function isStandardWebhook({ headers, body }: Webhook, secret: string, now = Date.now()): boolean {
  const { 'webhook-id': id, 'webhook-timestamp': timestamp, 'webhook-signature': signatures = '' } = headers;
  if (id === undefined || !isRecent(timestamp, now)) return false;
  const key = Buffer.from(secret.replace(/^whsec_/, ''), 'base64');
  const wanted = createHmac('sha256', key).update(`${id}.${timestamp}.`).update(body).digest();
  return signatures.split(' ').some((signature) => {
    const [, text] = /^v1,(.+)$/.exec(signature) ?? [];
    const given = Buffer.from(text ?? '', 'base64');
    return given.length === wanted.length && timingSafeEqual(given, wanted);
  });
}

const refreshMs = 60_000;

/**
 * Keys that webhooks are signed with, which the provider tells: they are asked for when one is needed, and
 * again where a signature is none of theirs, once a minute at most.
 */
export class WebhookKeys<Keys> {
  readonly #load: () => Promise<Keys>;
  #loaded: Promise<Keys> | undefined;
  #loadedAt = 0;

  constructor(load: () => Promise<Keys>) {
    this.#load = load;
  }

  /** Whether it is so with the keys that are known, or with those that there are now. Rejects as they do. */
  async verify(isSigned: (keys: Keys) => boolean): Promise<boolean> {
    const { keys, isFresh } = await this.#keys();
    if (isSigned(keys)) return true;
    if (isFresh || performance.now() - this.#loadedAt < refreshMs) return false;
    this.#loaded = undefined;
    return isSigned((await this.#keys()).keys);
  }

  async #keys(): Promise<{ keys: Keys; isFresh: boolean }> {
    const isFresh = this.#loaded === undefined;
    if (isFresh) this.#loadedAt = performance.now();
    this.#loaded ??= this.#load().catch((error: unknown) => {
      this.#loaded = undefined;
      throw error;
    });
    return { keys: await this.#loaded, isFresh };
  }
}
