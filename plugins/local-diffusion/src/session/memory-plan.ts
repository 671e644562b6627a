import { EaselError } from '@easel/plugin-sdk';

/** What a network of a call holds, in bytes. */
export interface NetworkCost {
  readonly name: string;
  /** All of its weights, as they are computed with. */
  readonly weightBytes: number;
  /** Graphs that it runs as, one open at a time. */
  readonly stages: number;
  /** The most that is held at once: the weights of a stage and what its run takes beside them. */
  readonly heldBytes: number;
  /** The same where it runs in the smallest stages. */
  readonly leastBytes: number;
}

/** What a call would hold, made before anything is opened. */
export interface MemoryPlan {
  /** What its networks may hold together; those that ran longest ago are closed for others. */
  readonly budgetBytes: number;
  /** What one network may hold. */
  readonly limitBytes: number;
  /** The smallest limit that the call fits into. */
  readonly leastBytes: number;
  /** In the order of their first runs. */
  readonly networks: readonly NetworkCost[];
}

/** Puts together what the networks of a call cost. */
export function planMemory(
  networks: readonly NetworkCost[],
  { maximumBytes, networkBytes }: { readonly maximumBytes: number; readonly networkBytes: number },
): MemoryPlan {
  return {
    budgetBytes: maximumBytes,
    limitBytes: networkBytes,
    leastBytes: Math.max(0, ...networks.map(({ leastBytes }) => leastBytes)),
    networks,
  };
}

const megabytes = (bytes: number): string => `${Math.ceil(bytes / 1e6)} MB`;

/**
 * Looks whether a call fits.
 *
 * @throws ERR_REQUEST_INVALID with the smallest limit that would do
 */
export function requireFit({ limitBytes, leastBytes, networks }: MemoryPlan): void {
  if (leastBytes <= limitBytes) return;
  const largest = networks.find((each) => each.leastBytes === leastBytes);
  throw new EaselError({
    code: 'ERR_REQUEST_INVALID',
    message: `The call does not fit into memory: the network "${largest?.name}" needs ${megabytes(leastBytes)} at this size, and may have ${megabytes(limitBytes)}.`,
    hint: `Set memoryBytes of local-diffusion to ${Math.ceil(leastBytes / 1e6) * 1e6} or more if the machine has it, or ask for fewer pixels.`,
  });
}
