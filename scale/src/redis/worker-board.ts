import { z } from 'zod';
import { isHome, unknownLane } from '../lanes/lane.js';
import { ask, type RedisClient } from './connect.js';
import { announcedKey, lanesKey, loadedKey, workersKey } from './names.js';
import { millisecondsOf, readTime } from './redis-clock.js';

/** Leases for which a worker counts that says nothing more. */
const countedLeases = 3;
/** Milliseconds after which nobody knows that a lane had workers: more than those that its jobs wait. */
const forgottenMs = 24 * 3_600_000;

const workerSchema = z.object({
  /** Milliseconds since 1970. */
  until: z.number(),
  places: z.number(),
  lanes: z.array(z.string()),
  loaded: z.array(z.string()),
});

/** What a worker says of itself. */
export type ToldWorker = Omit<z.output<typeof workerSchema>, 'until'>;

/** What all workers have said, and all lanes that jobs were put into. */
export interface Board {
  readonly workers: readonly ToldWorker[];
  readonly lanes: readonly string[];
}

/** Where workers say how many places they have, what they can do, and which models they have loaded. */
export class WorkerBoard {
  readonly #redis: RedisClient;
  readonly #name: string;
  /** Lanes whose model was loaded when it was told last. */
  #loaded: readonly string[] = [];

  constructor(redis: RedisClient, name: string) {
    this.#redis = redis;
    this.#name = name;
  }

  /**
   * Answers the lanes with jobs, or that had some, which are for all: no worker has ever said that it can do
   * them, or none for `absentMs`.
   */
  async tell(
    id: string,
    worker: ToldWorker,
    { leaseMs, absentMs }: { readonly leaseMs: number; readonly absentMs: number },
  ): Promise<string[]> {
    const now = await readTime(this.#redis);
    const until = now + countedLeases * leaseMs;
    const scored = (lanes: readonly string[]) => lanes.flatMap((lane) => [until, lane]);
    const asked = this.#redis
      .pipeline()
      .hset(workersKey(this.#name), id, JSON.stringify({ ...worker, until }))
      .zadd(announcedKey(this.#name), 'GT', ...scored(worker.lanes))
      .smembers(lanesKey(this.#name))
      .zremrangebyscore(announcedKey(this.#name), 0, now - forgottenMs)
      .zrange(announcedKey(this.#name), 0, -1, 'WITHSCORES');
    // Another worker that has it says so again, within a lease.
    const unloaded = this.#loaded.filter((lane) => !worker.loaded.includes(lane));
    if (unloaded.length > 0) asked.zrem(loadedKey(this.#name), ...unloaded);
    this.#loaded = worker.loaded;
    if (worker.loaded.length > 0) asked.zadd(loadedKey(this.#name), 'GT', ...scored(worker.loaded));
    const [, , lanes, , flat] = await ask(asked);
    const announced = new Map<string, number>();
    for (const [place, text] of (flat as string[]).entries())
      if (place % 2 === 1) announced.set((flat as string[])[place - 1] ?? '', Number(text));
    // What waits for one worker alone has its own time for that.
    const lastedMs = (lane: string) => (isHome(lane) ? 0 : absentMs);
    return (lanes as string[]).filter((lane) => {
      const saidUntil = announced.get(lane);
      return saidUntil === undefined || saidUntil + lastedMs(lane) < now;
    });
  }

  async leave(id: string): Promise<void> {
    await this.#redis.hdel(workersKey(this.#name), id);
  }

  /** Workers that live, and all lanes that jobs were put into. */
  async read(): Promise<Board> {
    const [time, told, lanes] = await ask(
      this.#redis.pipeline().time().hgetall(workersKey(this.#name)).smembers(lanesKey(this.#name)),
    );
    const now = millisecondsOf(time as string[]);
    const workers = Object.entries(told as Record<string, string>).flatMap(([id, text]) => {
      // A server of another version may say it otherwise.
      const { data: worker } = workerSchema.safeParse(JSON.parse(text));
      return worker ? [{ id, worker }] : [];
    });
    const gone = workers.filter(({ worker }) => worker.until < now).map(({ id }) => id);
    if (gone.length > 0) await this.#redis.hdel(workersKey(this.#name), ...gone);
    return {
      workers: workers.filter(({ id }) => !gone.includes(id)).map(({ worker }) => worker),
      lanes: [...new Set([unknownLane, ...(lanes as string[])])],
    };
  }
}
