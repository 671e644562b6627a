import { EaselError, type MemoryPlan, type NetworkCost } from '@easel/plugin-sdk';

/** Puts together what the networks of a call cost. */
export function planMemory(
  networks: readonly NetworkCost[],
  { maximumBytes, networkBytes }: { readonly maximumBytes: number; readonly networkBytes: number },
): MemoryPlan {
  return {
    budgetBytes: maximumBytes,
    limitBytes: networkBytes,
    leastBytes: Math.max(0, ...networks.map(({ leastBytes }) => leastBytes)),
    networks: [...networks],
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
