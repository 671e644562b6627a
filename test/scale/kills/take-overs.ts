import { Redis } from 'ioredis';

/** Share of a lease that it has left at least when its worker is lost, as that renews it. */
const leastShare = 0.7;

/** What the queue has noted of a job, and when, in milliseconds since 1970. */
interface Note {
  readonly job: string;
  readonly event: string;
  readonly at: number;
}

/** Reads how long jobs were with nobody whose worker was killed or stood still. */
export class TakeOvers {
  readonly #port: number;
  readonly #lane: string;
  readonly #leaseMs: number;
  readonly #notes: Note[] = [];
  readonly #faults: number[] = [];
  #last = '-';

  /** @param lane whose jobs are looked at */
  constructor(port: number, lane: string, leaseMs: number) {
    this.#port = port;
    this.#lane = lane;
    this.#leaseMs = leaseMs;
  }

  /** To be called when a server is killed or stopped. */
  noteFault(): void {
    this.#faults.push(Date.now());
  }

  /** Reads on, before the queue forgets: to be called now and then, while Redis is there. */
  async read(): Promise<void> {
    const redis = new Redis(this.#port, '127.0.0.1');
    try {
      const entries = await redis.xrange(`{easel}:${this.#lane}:events`, this.#last, '+');
      for (const [id, fields] of entries) {
        const field = (name: string) => fields[fields.indexOf(name) + 1] ?? '';
        this.#notes.push({ job: field('jobId'), event: field('event'), at: Number.parseInt(id, 10) });
        this.#last = `(${id}`;
      }
    } finally {
      redis.disconnect();
    }
  }

  /** Milliseconds from the fault to the moment at which another worker has begun, of each that was lost. */
  get tookMs(): number[] {
    const begunAt = new Map<string, number>();
    const lost = new Map<string, number>();
    const took: number[] = [];
    for (const { job, event, at } of this.#notes) {
      const since = begunAt.get(job) ?? at;
      // The worker has lived until a renewal of its lease before.
      const faultAt = this.#faults.findLast(
        (fault) => fault >= since && fault <= at - leastShare * this.#leaseMs,
      );
      // Of a job that is lost again before it is begun, the first fault counts.
      if (event === 'stalled' && faultAt !== undefined && !lost.has(job)) lost.set(job, faultAt);
      if (event !== 'active') continue;
      begunAt.set(job, at);
      const lostAt = lost.get(job);
      if (lostAt !== undefined) took.push(at - lostAt);
      lost.delete(job);
    }
    return took;
  }
}

/** Of figures in any order. NaN: there are none. */
export const percentileOf = (values: readonly number[], share: number): number =>
  [...values].sort((one, other) => one - other)[Math.ceil(share * values.length) - 1] ?? Number.NaN;
