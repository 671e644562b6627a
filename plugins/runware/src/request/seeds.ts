import { seedLimit } from '@easel/plugin-sdk';
import type { Options } from '../options.js';

/**
 * Seeds that a model takes, runware.ai/docs/models: older models begin with 1, newer ones have 31 bits and
 * begin with 0. What is above 32 bits is never sent: no model is known to tell such seeds apart.
 */
const ranges: Readonly<Record<Options['seeds'], { readonly first: number; readonly count: number }>> = {
  wide: { first: 1, count: seedLimit },
  narrow: { first: 0, count: 2 ** 31 },
};

/**
 * Seed of image `index` of a call that begins with `seed`: + index within the model's range, and from its
 * first one again after its last.
 */
export function seedOf(seed: number, index: number, kind: Options['seeds']): number {
  const { first, count } = ranges[kind];
  return first + ((Math.max(seed, first) - first + index) % count);
}

/** Our seed for one that Runware tells. Undefined: there is none, or none of ours. */
export const fromWire = (seed: number | undefined): number | undefined =>
  seed !== undefined && Number.isInteger(seed) && seed >= 0 && seed <= seedLimit ? seed : undefined;
