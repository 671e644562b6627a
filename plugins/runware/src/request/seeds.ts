import { seedLimit } from '@easel/plugin-sdk';
import type { Options } from '../options.js';

/** Runware's older models count seeds from 1; ours begin with 0, which is sent as the number after our last. */
const zeroOnWire = seedLimit + 1;
/** Newer ones have 31 bits, runware.ai/docs/models. */
const narrowCount = 2 ** 31;

/** Seed of a picture of a call that begins with `seed`: + i, modulo 2^32, as the contract has it, or modulo 2^31 for a model with narrow ones. */
export function seedOf(seed: number, index: number, kind: Options['seeds']): number {
  return (seed + index) % (kind === 'narrow' ? narrowCount : seedLimit + 1);
}

export const toWire = (seed: number, kind: Options['seeds']): number =>
  seed === 0 && kind === 'wide' ? zeroOnWire : seed;

/** Our seed for one that Runware tells. Undefined: there is none, or none of ours. */
export function fromWire(seed: number | undefined, kind: Options['seeds']): number | undefined {
  if (seed === zeroOnWire && kind === 'wide') return 0;
  return seed !== undefined && Number.isInteger(seed) && seed >= 0 && seed <= seedLimit ? seed : undefined;
}
