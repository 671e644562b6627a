import { laneOf } from '../../../scale/dist/lanes/lane.js';
import { graceMs, type LaneHead, orderLanes } from '../../../scale/dist/lanes/order-lanes.js';

export interface Fleet {
  readonly workers: number;
  readonly models: number;
  /** Models that each worker has on its disk. */
  readonly modelsEach: number;
  /** Milliseconds of an image, and of loading another model. */
  readonly imageMs: number;
  readonly loadMs: number;
  /** Share of the time of all workers that the images would take if nothing had to be loaded. */
  readonly load: number;
  /** Milliseconds. 0: each worker takes the job that goes first, whichever model it has. */
  readonly patienceMs: number;
  /** Milliseconds that are simulated, after as many that are not counted. */
  readonly forMs: number;
  readonly random: () => number;
}

export interface FleetFigures {
  readonly jobsASecond: number;
  /** Milliseconds that jobs have waited. */
  readonly waitMs: readonly number[];
  readonly loadsAJob: number;
  /** Jobs that have not begun at the end. */
  readonly left: number;
}

/** Models for a worker each, the first of them the most wanted (Zipf). */
const laneAt = (model: number): string =>
  laneOf({ id: `m${model}`, pipelineType: 'sd', source: { type: 'folder', path: '.' } });

/**
 * Workers of one place each that take jobs by the rule of the product (`orderLanes`), in simulated time. Jobs
 * come at random (Poisson); which model one is of is drawn by how wanted it is.
 */
export function simulate(fleet: Fleet): FleetFigures {
  const { workers, models, modelsEach, imageMs, loadMs, load, patienceMs, forMs, random } = fleet;
  const shares = Array.from({ length: models }, (_, model) => 1 / (model + 1));
  const all = shares.reduce((sum, share) => sum + share, 0);
  const draw = () => {
    let left = random() * all;
    for (const [model, share] of shares.entries()) {
      left -= share;
      if (left <= 0) return model;
    }
    return 0;
  };
  const fits = Array.from({ length: workers }, () => {
    const own = new Set<number>();
    while (own.size < modelsEach) own.add(draw());
    return [...own];
  });
  const waiting = Array.from({ length: models }, () => ({ since: [] as number[], next: 0, loaded: 0 }));
  const state = fits.map(() => ({ has: -1, since: 0, isIdle: true, looksAt: 0 }));
  /** Idle workers that have a model. */
  const ready = Array.from({ length: models }, () => new Set<number>());
  const idle = Array.from({ length: models }, () => new Set<number>());
  for (const [worker, own] of fits.entries()) for (const model of own) idle[model]?.add(worker);
  const events = new Heap();
  const perMs = (workers * load) / imageMs;
  const figures = { begun: 0, loads: 0, waitMs: [] as number[] };
  const counts = (at: number) => at >= forMs;
  const take = (worker: number, now: number): void => {
    const own = state[worker] as (typeof state)[number];
    const heads = (fits[worker] ?? []).flatMap((model): LaneHead[] => {
      const { since, next, loaded } = waiting[model] as (typeof waiting)[number];
      const waitsSince = since[next];
      if (waitsSince === undefined) return [];
      const isLoaded = loaded > (own.has === model ? 1 : 0);
      return [{ lane: laneAt(model), level: 100, outstanding: 0, waitsSince, isLoaded }];
    });
    const has = new Set(own.has < 0 || patienceMs === 0 ? [] : [laneAt(own.has)]);
    const { order, left } = orderLanes(
      patienceMs === 0 ? heads.map((head) => ({ ...head, isLoaded: false })) : heads,
      { own: has, ownSince: own.since, now, patienceMs },
    );
    const [lane] = order;
    if (lane === undefined) {
      if (!own.isIdle) for (const model of fits[worker] ?? []) idle[model]?.add(worker);
      own.isIdle = true;
      ready[own.has]?.add(worker);
      if (left.length === 0 || own.looksAt > now) return;
      own.looksAt = now + graceMs;
      events.push({ at: own.looksAt, worker });
      return;
    }
    const model = Number(lane.slice(lane.indexOf('m', 6) + 1));
    const queue = waiting[model] as (typeof waiting)[number];
    const since = queue.since[queue.next++] ?? now;
    const mustLoad = own.has !== model;
    ready[own.has]?.delete(worker);
    if (mustLoad) {
      const before = waiting[own.has];
      if (before) before.loaded--;
      queue.loaded++;
      Object.assign(own, { has: model, since: now });
    }
    if (own.isIdle) for (const fit of fits[worker] ?? []) idle[fit]?.delete(worker);
    own.isIdle = false;
    if (counts(now)) {
      figures.begun++;
      if (mustLoad) figures.loads++;
      figures.waitMs.push(now - since);
    }
    events.push({ at: now + imageMs + (mustLoad ? loadMs : 0), worker });
  };
  events.push({ at: 0, worker: -1 });
  for (let event = events.pop(); event && event.at < 2 * forMs; event = events.pop()) {
    const { at, worker } = event;
    if (worker >= 0) {
      take(worker, at);
      continue;
    }
    events.push({ at: at - Math.log(1 - random()) / perMs, worker: -1 });
    const model = draw();
    const free = idle[model] ?? new Set<number>();
    (waiting[model] as (typeof waiting)[number]).since.push(at);
    // Redis tells one idle worker after the other until one takes it, or all leave it to a busy one.
    const [any] = free;
    const [having] = patienceMs === 0 ? [] : (ready[model] ?? []);
    const told = having ?? any;
    if (told !== undefined) take(told, at);
  }
  const left = waiting.reduce((sum, { since, next }) => sum + since.length - next, 0);
  const { begun, loads, waitMs } = figures;
  return { jobsASecond: (begun * 1_000) / forMs, waitMs, loadsAJob: loads / Math.max(1, begun), left };
}

interface Event {
  readonly at: number;
  /** -1: a job comes. */
  readonly worker: number;
}

/** The next event first (a binary heap). */
class Heap {
  readonly #events: Event[] = [];

  push(event: Event): void {
    const events = this.#events;
    let place = events.push(event) - 1;
    while (place > 0) {
      const parent = (place - 1) >> 1;
      if ((events[parent] as Event).at <= event.at) break;
      events[place] = events[parent] as Event;
      place = parent;
    }
    events[place] = event;
  }

  pop(): Event | undefined {
    const events = this.#events;
    const first = events[0];
    const last = events.pop();
    if (!last || events.length === 0) return first;
    let place = 0;
    for (;;) {
      let child = 2 * place + 1;
      if (child >= events.length) break;
      if ((events[child + 1]?.at ?? Number.POSITIVE_INFINITY) < (events[child] as Event).at) child++;
      if ((events[child] as Event).at >= last.at) break;
      events[place] = events[child] as Event;
      place = child;
    }
    events[place] = last;
    return first;
  }
}
