import { pathToFileURL } from 'node:url';
import { EaselError } from '@easel/plugin-sdk';
import type { Emulated, Emulator } from '@easel/plugin-sdk/emulator';
import { readConfiguration } from '../config/read-configuration.js';
import { discoverPlugins } from '../kernel/manifest/discover.js';
import { sdkVersion } from '../version.js';
import { exitStatus } from './exit-status.js';
import { findCompanion } from './find-companion.js';
import { parsePort } from './flag-values.js';
import { watchForInterruption } from './interruption.js';
import { printLine, printNote } from './output.js';

export interface EmulateFlags {
  readonly port?: string;
  readonly config?: string;
  readonly json?: true;
}

/**
 * `easel emulate <plugin>`: a stand-in for the plugin's provider, until it is interrupted; it says what leads the plugin to it.
 *
 * @throws ERR_CONFIG_INVALID where the plugin has no emulator, or it cannot listen
 */
export async function emulate(id: string, flags: EmulateFlags): Promise<number> {
  const port = parsePort('--port', flags.port) ?? 0;
  const interruption = watchForInterruption();
  const { default: emulator } = (await import(findEmulator(id, flags.config))) as { default: Emulator };
  const emulated = await emulator.start({ port }).catch((cause: NodeJS.ErrnoException) => {
    const message = `The emulator cannot listen on port ${port} (${cause.code ?? cause.message}).`;
    throw new EaselError({ code: 'ERR_CONFIG_INVALID', message, hint: 'Choose another one.', cause });
  });
  try {
    if (flags.json) {
      const { url, secrets, options } = emulated;
      printLine(JSON.stringify({ url, secrets, options }));
    } else describe(id, emulated);
    const { signal } = interruption;
    await new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve()));
    printNote(`Pictures that would have been paid for: ${emulated.paid}.`);
  } finally {
    await emulated.close();
  }
  return interruption.status ?? exitStatus.ok;
}

function findEmulator(id: string, configFile: string | undefined): string {
  const { plugins } = discoverPlugins(readConfiguration({ configFile }).pluginFolders, sdkVersion);
  const found = plugins.flatMap((plugin) => {
    const module = findCompanion(plugin, 'emulator');
    return module === undefined ? [] : [{ id: plugin.manifest.id, module }];
  });
  const wanted = found.find((plugin) => plugin.id === id);
  if (wanted) return pathToFileURL(wanted.module).href;
  const ids = found.map((plugin) => plugin.id).join(', ') || 'none';
  throw new EaselError({
    code: 'ERR_CONFIG_INVALID',
    message: `There is no plugin "${id}" with an emulator; those that have one: ${ids}.`,
    hint: 'Check the name, and the plugin folders: easel plugins.',
  });
}

function describe(id: string, { url, secrets, options }: Emulated): void {
  printLine(`${id} is emulated at ${url}. It draws prompts, and counts what would have been paid for.\n`);
  for (const [name, value] of Object.entries(secrets)) printLine(`  export ${name}=${value}`);
  printLine(`  easel.config.json: ${JSON.stringify({ plugins: { [id]: { options } } })}\n`);
  printLine('Ctrl-C ends it.');
}
