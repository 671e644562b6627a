import type { RedisClient } from './connect.js';
import type { LaneWorker } from './lane-worker.js';

/**
 * Renews leases, and answers which it has renewed. BullMQ's own script writes them anew with SET, which a
 * Redis that is full refuses; PEXPIRE and SREM take no memory. KEYS: the set of those that may be lost, then
 * the leases. ARGV: milliseconds, then for each lease its job and its token.
 */
const renewScript = `
local renewed = {}
for at = 2, #KEYS do
  local id, token = ARGV[2 * at - 2], ARGV[2 * at - 1]
  if redis.call('GET', KEYS[at]) == token then
    redis.call('PEXPIRE', KEYS[at], ARGV[1])
    redis.call('SREM', KEYS[1], id)
    renewed[#renewed + 1] = id
  end
end
return renewed`;

interface Lease {
  readonly token: string;
  readonly worker: LaneWorker;
  /** Milliseconds of this process. */
  renewedAt: number;
}

/** The leases of the jobs at work here. */
export class Leases {
  readonly #redis: RedisClient;
  readonly #leaseMs: number;
  readonly #held = new Map<string, Lease>();

  constructor(redis: RedisClient, leaseMs: number) {
    this.#redis = redis;
    this.#leaseMs = leaseMs;
  }

  get ids(): string[] {
    return [...this.#held.keys()];
  }

  has(id: string): boolean {
    return this.#held.has(id);
  }

  /** @param takenAt when the job was asked for, in milliseconds of this process */
  hold(id: string, worker: LaneWorker, token: string, takenAt: number): void {
    this.#held.set(id, { worker, token, renewedAt: takenAt });
  }

  /** Counts a lease as run out, which the queue has given to another one. */
  lose(id: string): void {
    const lease = this.#held.get(id);
    if (lease) lease.renewedAt = Number.NEGATIVE_INFINITY;
  }

  drop(id: string): void {
    this.#held.delete(id);
  }

  /** Jobs whose lease was not renewed for so many milliseconds. */
  olderThan(milliseconds: number): string[] {
    const now = performance.now();
    return this.ids.filter((id) => now - (this.#held.get(id)?.renewedAt ?? now) > milliseconds);
  }

  /** Renews all; one that cannot be renewed grows old. */
  async renew(): Promise<void> {
    const byWorker = new Map<LaneWorker, [string, Lease][]>();
    for (const held of this.#held)
      byWorker.set(held[1].worker, [...(byWorker.get(held[1].worker) ?? []), held]);
    await Promise.all(
      [...byWorker].map(async ([worker, held]) => {
        const askedAt = performance.now();
        const keys = [worker.toKey('stalled'), ...held.map(([id]) => `${worker.toKey(id)}:lock`)];
        const leases = held.flatMap(([id, { token }]) => [id, token]);
        const answer = this.#redis.eval(renewScript, keys.length, ...keys, this.#leaseMs, ...leases);
        const renewed = new Set((await answer) as string[]);
        for (const [id, lease] of held)
          if (renewed.has(id)) lease.renewedAt = Math.max(lease.renewedAt, askedAt);
      }),
    );
  }
}
