import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { isOfModel } from '../lanes/lane.js';
import { graceMs } from '../lanes/order-lanes.js';
import { connectForCommands, connectForReading, type RedisClient, type RedisPlace } from './connect.js';
import { type Carrier, type Delivery, deliveryOf, type Outcome, tellQueue } from './delivery.js';
import { LaneReader, type Taken } from './lane-reader.js';
import { Leases } from './leases.js';
import { endedKey } from './names.js';
import { RedisClock } from './redis-clock.js';
import { WorkerBoard } from './worker-board.js';

/** Share of a lease after which work stops that could not renew it, before another worker may begin. */
const watchdogShare = 0.8;
const renewShare = 0.25;
const lookMs = 250;
/** Milliseconds before a queue is asked again that did not answer. */
const againMs = 1_000;
/** Milliseconds for which a worker takes no job that could not do one, longer than that one is kept back. */
const restMs = 4_000;

export interface ConsumerOptions {
  readonly name: string;
  readonly leaseMs: number;
  /** Milliseconds after which the job of another model is worth loading that one. */
  readonly patienceMs: number;
  /** Milliseconds after which jobs are for all whose workers are gone. */
  readonly absentMs: number;
  /** Jobs at work here at once. */
  readonly atOnce: () => number;
  /** Lanes that this worker can do now. */
  readonly lanes: () => readonly string[];
}

/**
 * Takes jobs from the lanes that this worker can do, so many at once, and keeps a lease for each; where it
 * cannot be renewed, the work stops by itself before another worker may be given the job.
 */
export class JobConsumer {
  readonly #options: ConsumerOptions;
  readonly #carrier: Carrier;
  readonly #id = randomUUID();
  readonly #commands: RedisClient;
  readonly #redis: RedisClient;
  readonly #waiting: RedisClient;
  readonly #reader: LaneReader;
  readonly #board: WorkerBoard;
  readonly #leases: Leases;
  readonly #clock = new RedisClock();
  readonly #working = new Map<Promise<void>, string>();
  readonly #timers: readonly NodeJS.Timeout[];
  readonly #taking: Promise<void>;
  /** The lane of the model that was loaded last, and when that was, in milliseconds of this process. */
  #last: string | undefined;
  #lastSince = 0;
  /** In milliseconds of this process. */
  #restUntil = 0;
  #onFree: (() => void) | undefined;
  #isClosing = false;

  constructor(place: RedisPlace, options: ConsumerOptions, carrier: Carrier) {
    const { name, leaseMs } = options;
    this.#options = options;
    this.#carrier = carrier;
    this.#commands = connectForCommands(place);
    this.#redis = connectForReading(place);
    this.#waiting = connectForReading(place);
    const [redis, waiting, clock] = [this.#redis, this.#waiting, this.#clock];
    this.#reader = new LaneReader({ name, leaseMs, redis, waiting, clock });
    this.#board = new WorkerBoard(this.#commands, name);
    this.#leases = new Leases(this.#commands, leaseMs);
    this.#reader.read(options.lanes());
    this.#timers = [
      setInterval(() => this.#look(), lookMs).unref(),
      setInterval(() => void this.#leases.renew().catch(() => {}), renewShare * leaseMs).unref(),
      setInterval(() => this.#announce(), leaseMs).unref(),
    ];
    this.#announce();
    this.#taking = this.#takeJobs();
  }

  /** Takes no more jobs, and waits for those that are worked on. */
  async close(): Promise<void> {
    this.#isClosing = true;
    const [looking, renewing, announcing] = this.#timers;
    clearInterval(announcing);
    await this.#board.leave(this.#id).catch(() => {});
    this.#waiting.disconnect();
    this.#onFree?.();
    await this.#taking;
    await Promise.all(this.#working.keys());
    for (const timer of [looking, renewing]) clearInterval(timer);
    await this.#reader.close();
    this.#commands.disconnect();
    this.#redis.disconnect();
  }

  /** Lanes whose model is here: those at work, and the one of the last job. */
  get #own(): ReadonlySet<string> {
    const lanes = [...this.#working.values(), ...(this.#last === undefined ? [] : [this.#last])];
    return new Set(lanes.filter(isOfModel));
  }

  async #takeJobs(): Promise<void> {
    while (!this.#isClosing) {
      try {
        if (this.#working.size >= this.#options.atOnce()) await this.#untilFree();
        else if (performance.now() < this.#restUntil) await delay(lookMs);
        else {
          const { patienceMs } = this.#options;
          const ownForMs = performance.now() - this.#lastSince;
          const taken = await this.#reader.take({ own: this.#own, ownForMs, patienceMs });
          if (taken) this.#begin(taken);
          else await this.#reader.wait(graceMs);
        }
      } catch {
        // The queue is not there, or this worker is closed.
        if (!this.#isClosing) await delay(againMs);
      }
    }
  }

  /** Resolves when a job here has ended, or there may be more places. */
  async #untilFree(): Promise<void> {
    await new Promise<void>((resolve) => {
      this.#onFree = resolve;
    });
  }

  #begin(taken: Taken): void {
    const { lane } = taken;
    if (isOfModel(lane) && lane !== this.#last) {
      this.#last = lane;
      this.#lastSince = performance.now();
      this.#announce();
    }
    const work = this.#workOn(taken)
      // What could not be told to the queue, it finds out when the lease ends.
      .catch(() => {})
      .finally(() => {
        this.#working.delete(work);
        this.#onFree?.();
      });
    this.#working.set(work, lane);
  }

  async #workOn(taken: Taken): Promise<void> {
    const { job, token, worker, askedAt } = taken;
    const outcome = await this.#carryOut(deliveryOf(taken, this.#clock), () =>
      this.#leases.hold(job.id ?? '', worker, token, askedAt),
    );
    // Another worker may do better, which is told of the job meanwhile.
    if (outcome === 'lost') this.#restUntil = performance.now() + restMs;
    await tellQueue(taken, outcome, this.#clock);
  }

  async #carryOut(delivery: Delivery, hold: () => void): Promise<Outcome> {
    const { id } = delivery;
    if (this.#isClosing) return 'closed';
    if (this.#leases.has(id)) {
      // The queue has lost the lease of what is at work here still: two at once would pay twice.
      this.#leases.lose(id);
      this.#carrier.stop(id, 'lost');
      return 'later';
    }
    hold();
    return await this.#carrier
      .carryOut(delivery)
      .catch((): Outcome => 'lost')
      .finally(() => this.#leases.drop(id));
  }

  /** Says what this worker can do and has, and learns of lanes that nobody else can do. */
  #announce(): void {
    const { atOnce, leaseMs, absentMs, lanes: readLanes } = this.#options;
    const lanes = readLanes();
    const worker = { places: atOnce(), lanes: [...lanes], loaded: [...this.#own] };
    void this.#board.tell(this.#id, worker, { leaseMs, absentMs }).then(
      // Their jobs end with what is missing, or are done after all.
      (forsaken) => this.#reader.read([...lanes, ...forsaken]),
      () => this.#reader.read(lanes),
    );
  }

  #look(): void {
    if (this.#working.size < this.#options.atOnce()) this.#onFree?.();
    for (const id of this.#leases.olderThan(watchdogShare * this.#options.leaseMs))
      this.#carrier.stop(id, 'lost');
    void this.#findEnded().catch(() => {});
  }

  async #findEnded(): Promise<void> {
    const { ids } = this.#leases;
    if (ids.length === 0) return;
    const marks = await this.#commands.mget(ids.map((id) => endedKey(this.#options.name, id)));
    for (const [index, id] of ids.entries()) if (marks[index]) this.#carrier.stop(id, 'cancelled');
  }
}
