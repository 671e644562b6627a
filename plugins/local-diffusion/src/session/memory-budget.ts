import { totalmem } from 'node:os';
import type { NetworkMemoryOptions } from './network-memory.js';

/** Shares of the memory. What is left over is for everything else on the machine. */
const shares = { allNetworks: 0.6, oneNetwork: 0.85 };

/** Smaller stages cost more to open than they save. */
const smallestStageBytes = 256e6;

type Budget = Required<Pick<NetworkMemoryOptions, 'maximumBytes' | 'networkBytes' | 'smallestStageBytes'>>;

/**
 * What networks may hold.
 *
 * @param memoryBytes as the configuration says. Absent: shares of what the machine, or the container, lets
 * the process have; a network that is over the share of all, and still fits, runs whole.
 */
export function memoryBudget(memoryBytes: number | undefined): Budget {
  if (memoryBytes !== undefined)
    return { maximumBytes: memoryBytes, networkBytes: memoryBytes, smallestStageBytes };
  // 0 or more than there is where nothing limits it.
  const limit = process.constrainedMemory() || Number.POSITIVE_INFINITY;
  const bytes = Math.min(limit, totalmem());
  return {
    maximumBytes: Math.floor(shares.allNetworks * bytes),
    networkBytes: Math.floor(shares.oneNetwork * bytes),
    smallestStageBytes,
  };
}
