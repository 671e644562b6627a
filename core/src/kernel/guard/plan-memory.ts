import { EaselError, type GenerationRequest, type MemoryPlan } from '@easel/plugin-sdk';
import type { GuardedPlugin } from './guarded-plugin.js';
import { withCancellation } from './with-cancellation.js';

/**
 * Asks a plugin what a call would hold in memory; settles at the latest when the signal aborts. Such a
 * question has no place in the bulkhead and tells nothing of the plugin's health: nothing is made.
 *
 * @returns undefined where the plugin does not say
 */
export async function planMemory(
  { supervisor }: GuardedPlugin,
  request: GenerationRequest,
  signal: AbortSignal,
): Promise<MemoryPlan | undefined> {
  const work = async () => await (await supervisor.running()).planMemory(request);
  try {
    return await withCancellation(work(), signal, () => {}).answer;
  } catch (error) {
    throw EaselError.isInstance(error) ? supervisor.redacted(error) : error;
  }
}
