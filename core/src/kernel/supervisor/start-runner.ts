import { EaselError } from '@easel/plugin-sdk';
import type { PluginFolder } from '../manifest/read.js';
import type { Runner } from '../runner/runner.js';
import { inTime } from './in-time.js';
import { locateSyntaxError } from './locate-syntax-error.js';

/**
 * Starts a runner within the manifest's `startMs`; rejects with what was wrong and, in the plugin's code,
 * where.
 */
export async function startRunner(runner: Runner, plugin: PluginFolder): Promise<void> {
  try {
    await inTime(runner, plugin, 'start', () => runner.start());
  } catch (error) {
    throw await withPlace(error, plugin);
  }
}

async function withPlace(error: unknown, { folder, entry, module }: PluginFolder): Promise<unknown> {
  if (!EaselError.isInstance(error) || module) return error;
  if (!/SyntaxError: (?!.*\(\S+:\d+\)$)/.test(error.message)) return error;
  const place = await locateSyntaxError(folder, entry);
  if (place === undefined) return error;
  const { code, plugin, hint } = error;
  return new EaselError({ code, plugin, hint, message: `${error.message} (${place})`, cause: error });
}
