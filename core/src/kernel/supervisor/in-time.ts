import { EaselError } from '@easel/plugin-sdk';
import type { PluginFolder } from '../manifest/read.js';
import type { Runner } from '../runner/runner.js';

/**
 * Does something with a runner, and kills it with ERR_PLUGIN_START_FAILED where that has not ended within the
 * manifest's `startMs`.
 */
export async function inTime(
  runner: Runner,
  { manifest: { id: plugin, runtime } }: PluginFolder,
  what: string,
  work: () => Promise<void>,
): Promise<void> {
  const late = () => {
    const message = `The plugin "${plugin}" did not ${what} within ${runtime.startMs} ms.`;
    const hint =
      'Look for what never settles, such as an `await` at the top of a module, or raise runtime.startMs in plugin.json.';
    runner.kill(new EaselError({ code: 'ERR_PLUGIN_START_FAILED', plugin, message, hint }));
  };
  const timer = setTimeout(late, runtime.startMs);
  try {
    await work();
  } finally {
    clearTimeout(timer);
  }
}
