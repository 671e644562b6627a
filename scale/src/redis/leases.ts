import type { LaneWorker } from './lane-worker.js';

interface Lease {
  readonly token: string;
  readonly worker: LaneWorker;
  /** Milliseconds of this process. */
  renewedAt: number;
}

/** The leases of the jobs at work here. */
export class Leases {
  readonly #leaseMs: number;
  readonly #held = new Map<string, Lease>();

  constructor(leaseMs: number) {
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
        const ids = held.map(([id]) => id);
        const tokens = held.map(([, { token }]) => token);
        const failed = new Set(await worker.extendJobLocks(ids, tokens, this.#leaseMs));
        for (const [id, lease] of held)
          if (!failed.has(id)) lease.renewedAt = Math.max(lease.renewedAt, askedAt);
      }),
    );
  }
}
