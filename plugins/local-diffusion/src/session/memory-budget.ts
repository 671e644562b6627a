import { totalmem } from 'node:os';

/** The rest is for what networks compute with, and for everything else on the machine. */
const shareOfMemory = 0.6;

/** Bytes of weights to keep open where nobody says: a share of what the machine, or the container, lets the process have. */
export function defaultMemoryBytes(): number {
  // 0 or more than there is where nothing limits it.
  const limit = process.constrainedMemory() || Number.POSITIVE_INFINITY;
  return Math.floor(shareOfMemory * Math.min(limit, totalmem()));
}
