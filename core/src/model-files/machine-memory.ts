import { totalmem } from 'node:os';

/** Bytes that this process may have: the machine's, or those that its container allows. */
export const machineMemory = (): number =>
  Math.min(totalmem(), process.constrainedMemory() || Number.POSITIVE_INFINITY);
