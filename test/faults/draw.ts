import { seeded } from '../fixtures/seeded.js';
import { pick } from './site.js';

/**
 * When the plugin's process is killed: that many requests after the run began, or at once, and so many
 * milliseconds later.
 */
export interface Moment {
  readonly requests: number;
  readonly ms: number;
}

/** What a run is made of, all of it drawn by its seed. */
export interface Plan {
  /** Pictures of each call. */
  readonly calls: readonly number[];
  readonly kills: readonly Moment[];
  /** When the provider goes down, and for how many milliseconds. Absent: it does not. */
  readonly restart?: { readonly atMs: number; readonly downMs: number };
  /** Draws all else. */
  readonly random: () => number;
}

/** Another stream of numbers for each run of a seed. */
export const randomOf = (seed: number, run: number): (() => number) =>
  seeded(Math.imul(seed, 0x9e3779b1) ^ Math.imul(run + 1, 0x85ebca6b));

export function drawPlan(random: () => number): Plan {
  const calls = Array.from({ length: 1 + Math.floor(random() * 4) }, () => pick(random, [1, 1, 2, 3]));
  const kills = Array.from({ length: 1 + Math.floor(random() * 2) }, () =>
    random() < 0.7
      ? { requests: 1 + Math.floor(random() * 12), ms: random() * 60 }
      : { requests: 0, ms: random() * 1_000 },
  );
  const restart = random() < 0.2 ? { atMs: random() * 800, downMs: random() * 200 } : undefined;
  return { calls, kills, random, ...(restart ? { restart } : {}) };
}
