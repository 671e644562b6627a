import { EaselError } from '@easel/plugin-sdk';
import { createRunner, type Launch } from './create-runner.js';
import { startRunner } from './start-runner.js';

/** Milliseconds for a process that has only loaded code to end. */
const graceMs = 1_000;

/**
 * Loads the code of a plugin in a process of its own, as its manifest says, and starts nothing: no secrets,
 * no settings, no storage folder. Rejects with why it cannot be used: it does not parse, a package is
 * missing, it does not finish loading, or it exports no plugin.
 */
export async function loadOnce(launch: Launch, signal?: AbortSignal): Promise<void> {
  const { runner } = createRunner({ ...launch, onlyLoad: true });
  const { id: plugin } = launch.plugin.manifest;
  const giveUp = () =>
    runner.kill(
      new EaselError({ code: 'ERR_KERNEL_CLOSED', plugin, message: `The plugin "${plugin}" was given up.` }),
    );
  signal?.addEventListener('abort', giveUp, { once: true });
  try {
    if (signal?.aborted) giveUp();
    await startRunner(runner, launch.plugin);
    await runner.stop(graceMs);
  } finally {
    signal?.removeEventListener('abort', giveUp);
  }
}
