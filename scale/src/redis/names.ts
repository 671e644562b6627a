/** All keys of a queue are on one node of a cluster. */
export const prefixOf = (name: string): string => `{${name}}`;
/** Says that a job has ended: whoever works on it stops. */
export const endedKey = (name: string, id: string): string => `${prefixOf(name)}:ended:${id}`;
/** The lanes that jobs were ever put into. */
export const lanesKey = (name: string): string => `${prefixOf(name)}:lanes`;
/** The lane of each job that has not ended, by its id. */
export const laneOfKey = (name: string): string => `${prefixOf(name)}:lane-of`;
/** Milliseconds that the last jobs of a lane took. */
export const durationsKey = (name: string, lane: string): string => `${prefixOf(name)}:durations:${lane}`;
/** Workers by their ids, as JSON: `workerSchema` of worker-board.ts. */
export const workersKey = (name: string): string => `${prefixOf(name)}:workers`;
/** Lanes that a worker can do, by the time until which that counts. */
export const announcedKey = (name: string): string => `${prefixOf(name)}:announced`;
/** Lanes whose model a worker has, by the time until which that counts. */
export const loadedKey = (name: string): string => `${prefixOf(name)}:loaded`;

/** Priorities of BullMQ go from 1, the first, to 2,097,151; jobs have -100 to 100, the highest first. */
const highest = 100;
const perLevel = 10_000;

/** The priority that BullMQ has for a job whose caller has so many. */
export const placeOf = (priority: number, outstanding: number): number =>
  (highest - priority) * perLevel + Math.min(outstanding, perLevel - 1) + 1;

/** What a priority of BullMQ was made of. */
export const readPlace = (place: number): { readonly level: number; readonly outstanding: number } => ({
  level: Math.floor(Math.max(0, place - 1) / perLevel),
  outstanding: Math.max(0, place - 1) % perLevel,
});
