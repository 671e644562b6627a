import type { Manifest } from '@easel/plugin-sdk';
import type { GuardedPlugin } from '../guard/guarded-plugin.js';
import type { Registry } from '../registry/registry.js';

/**
 * Starts a version and lets it prove itself, then puts it in the place of the one that works, which finishes
 * its calls. Where the two must not run at once, calls wait while one goes and the other comes. Rejects where
 * it does not start, and the one that works stays.
 *
 * One that cannot be started, because it is disabled or lacks secrets that the one before lacked as well,
 * takes its place unproven.
 *
 * @param percent share of the calls that it is given at first
 */
export async function swapIn(
  registry: Registry,
  known: GuardedPlugin,
  replacement: GuardedPlugin,
  percent: number,
): Promise<void> {
  const isUnconfigured = [known, replacement].every(({ supervisor }) => supervisor.missingSecrets.length > 0);
  if (replacement.supervisor.state === 'disabled' || isUnconfigured) registry.replace(known, replacement);
  else if (areExclusive(known.manifest, replacement.manifest))
    await swapExclusively(registry, known, replacement);
  else {
    await prove(replacement);
    registry.replace(known, replacement, percent);
  }
}

/** Whether two versions must not run at once. */
export const areExclusive = (...versions: readonly Manifest[]): boolean =>
  versions.some(({ runtime }) => runtime.replace === 'exclusive');

async function swapExclusively(
  registry: Registry,
  known: GuardedPlugin,
  replacement: GuardedPlugin,
): Promise<void> {
  let decide: (successor: GuardedPlugin) => void = () => {};
  const successor = new Promise<GuardedPlugin>((resolve) => {
    decide = resolve;
  });
  registry.succession.hold(known, successor);
  let inPlace = known;
  try {
    await known.stopUntilNextCall();
    await prove(replacement);
    registry.replace(known, replacement);
    inPlace = replacement;
  } finally {
    decide(inPlace);
  }
}

async function prove(plugin: GuardedPlugin): Promise<void> {
  try {
    await plugin.supervisor.running();
    await plugin.supervisor.probe();
  } catch (error) {
    await plugin.close();
    throw error;
  }
}
