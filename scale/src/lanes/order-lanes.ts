import { isOfModel } from './lane.js';

/** The job of a lane that goes first. */
export interface LaneHead {
  readonly lane: string;
  /** 0 to 200, the lowest goes first. */
  readonly level: number;
  /** Jobs that its caller had when it was accepted. */
  readonly outstanding: number;
  /** Milliseconds since 1970. */
  readonly waitsSince: number;
  /** Whether a worker has said that it has the model of the lane. */
  readonly isLoaded: boolean;
}

/** What a worker has, when it has a place for another job. */
export interface Situation {
  /** Lanes whose model it has. */
  readonly own: ReadonlySet<string>;
  /** Since when, in milliseconds since 1970. */
  readonly ownSince: number;
  readonly now: number;
  /** Milliseconds after which the job of another model is worth loading that one. */
  readonly patienceMs: number;
}

/** Milliseconds for which a job is left to a worker that has its model already. */
export const graceMs = 2_000;

/**
 * The order in which a worker tries lanes. They are as one queue: the highest priority, then the caller with
 * the fewest, then the oldest. But of equal priority, a worker stays with the model that it has, until a job
 * of another one has waited for its patience, and it has had its own for as long.
 *
 * @returns `left`: lanes that it leaves for now to a worker that has their model
 */
export function orderLanes(
  heads: readonly LaneHead[],
  { own, ownSince, now, patienceMs }: Situation,
): { readonly order: string[]; readonly left: string[] } {
  const hasStayed = own.size === 0 || now - ownSince >= patienceMs;
  const isFar = ({ lane, waitsSince }: LaneHead): boolean =>
    own.size > 0 && isOfModel(lane) && !own.has(lane) && !(hasStayed && now - waitsSince >= patienceMs);
  const isLeft = ({ lane, waitsSince, isLoaded }: LaneHead): boolean =>
    isLoaded && isOfModel(lane) && !own.has(lane) && now - waitsSince < graceMs;
  const places = (head: LaneHead) => [head.level, isFar(head) ? 1 : 0, head.outstanding, head.waitsSince];
  const sorted = heads
    .filter((head) => !isLeft(head))
    .map((head) => ({ lane: head.lane, places: places(head) }))
    .sort((one, other) => compare(one.places, other.places));
  return { order: sorted.map(({ lane }) => lane), left: heads.filter(isLeft).map(({ lane }) => lane) };
}

function compare(one: readonly number[], other: readonly number[]): number {
  for (const [index, value] of one.entries()) if (value !== other[index]) return value - (other[index] ?? 0);
  return 0;
}
