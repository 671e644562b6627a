import { type Cost, EaselError, type GenerationRequest, type MemoryPlan } from '@easel/plugin-sdk';
import type { Runner } from '../runner/runner.js';
import type { GuardedPlugin } from './guarded-plugin.js';
import { withCancellation } from './with-cancellation.js';

/**
 * What a call would hold in memory; settles at the latest when the signal aborts.
 *
 * @returns undefined where the plugin does not say
 */
export const planMemory = (
  plugin: GuardedPlugin,
  request: GenerationRequest,
  signal: AbortSignal,
): Promise<MemoryPlan | undefined> => askPlugin(plugin, (runner) => runner.planMemory(request), signal);

/** What a call would cost, at most; the same rules as for `planMemory`. */
export const estimateCost = (
  plugin: GuardedPlugin,
  request: GenerationRequest,
  signal: AbortSignal,
): Promise<Cost | undefined> => askPlugin(plugin, (runner) => runner.estimateCost(request), signal);

/**
 * Asks a plugin about a call. Such a question has no place in the bulkhead and tells nothing of the plugin's
 * health: nothing is made.
 */
async function askPlugin<Answer>(
  { supervisor }: GuardedPlugin,
  ask: (runner: Runner) => Promise<Answer>,
  signal: AbortSignal,
): Promise<Answer> {
  const work = async () => await ask(await supervisor.running());
  try {
    return await withCancellation(work(), signal, () => {}).answer;
  } catch (error) {
    throw EaselError.isInstance(error) ? supervisor.redacted(error) : error;
  }
}
