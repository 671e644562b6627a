import type { DecomposableOperator } from '../graph/passes/decomposition.js';
import type { Precision } from '../graph/passes/precision.js';
import { providersToTry } from './execution-devices.js';
import type { ExecutionProvider, ExecutionProviderSetting } from './execution-providers.js';
import { type SelfTestPlace, verdictOn } from './self-test-cache.js';

/** What networks are computed on, and how they have to be written for it. */
export interface Execution {
  readonly provider: ExecutionProvider;
  /** Operators that the provider gets wrong on this machine. */
  readonly decompose: ReadonlySet<DecomposableOperator>;
  /**
   * float16 where the provider is right and faster in it; a network that overflows there is computed in
   * float32 all the same.
   */
  readonly precision: Precision;
}

export const onProcessor: Execution = { provider: 'cpu', decompose: new Set(), precision: 'float32' };

export interface ChosenExecution extends Execution {
  /** What the user has to know: what was asked for and cannot be had. */
  readonly warnings: readonly string[];
}

/**
 * The first execution provider of a setting that computes rightly here. `auto` also wants it to be faster
 * than the processor, and says nothing of devices that are not there.
 */
export async function chooseExecution(
  setting: ExecutionProviderSetting,
  place: SelfTestPlace,
): Promise<ChosenExecution> {
  const isAutomatic = setting === 'auto';
  const warnings: string[] = [];
  for (const provider of providersToTry(setting, place.environment)) {
    if (provider === 'cpu') return { ...onProcessor, warnings };
    const verdict = await verdictOn(provider, place);
    if (!verdict.usable) {
      if (!isAutomatic || verdict.opened) warnings.push(`${provider} cannot be used: ${verdict.reason}`);
    } else if (!isAutomatic || verdict.speedup > 1) {
      return { provider, decompose: new Set(verdict.decompose), precision: verdict.precision, warnings };
    }
  }
  if (!isAutomatic) warnings.push('pictures are computed on the processor');
  return { ...onProcessor, warnings };
}
