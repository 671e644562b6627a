import { fileURLToPath, pathToFileURL } from 'node:url';
import { EaselError } from '@easel/plugin-sdk';
import type { Emulated, Emulator } from '@easel/plugin-sdk/emulator';
import { readConfiguration } from '../../config/read-configuration.js';
import { discoverPlugins } from '../../kernel/manifest/discover.js';
import { sdkVersion } from '../../version.js';
import { parsePort } from '../flag-values.js';
import { findCompanion } from '../plugins/find-companion.js';
import { exitStatus } from '../terminal/exit-status.js';
import { watchForInterruption } from '../terminal/interruption.js';
import { printLine, printNote } from '../terminal/output.js';
import type { EmulateFlags } from './flags.js';

/**
 * `easel emulate <plugin>`: a stand-in for the plugin's provider, until it is interrupted; it says what leads
 * the plugin to it.
 *
 * @throws ERR_CONFIG_INVALID where the plugin has no emulator, or it does not start
 */
export async function emulate(id: string, flags: EmulateFlags): Promise<number> {
  const port = parsePort('--port', flags.port) ?? 0;
  const interruption = watchForInterruption();
  const emulated = await start(findEmulator(id, flags.config), port);
  try {
    if (flags.json) {
      const { url, secrets, options } = emulated;
      printLine(JSON.stringify({ url, secrets, options }));
    } else describe(id, emulated);
    await interruption.happened;
    printNote(`Pictures that would have been paid for: ${emulated.paid}.`);
  } finally {
    await emulated.close();
  }
  return interruption.status ?? exitStatus.ok;
}

async function start(url: string, port: number): Promise<Emulated> {
  const failed = (message: string, hint: string, cause?: unknown) =>
    new EaselError({ code: 'ERR_CONFIG_INVALID', message, hint, cause });
  const { default: emulator } = (await import(url)) as { default?: Partial<Emulator> };
  if (typeof emulator?.start !== 'function')
    throw failed(
      `${fileURLToPath(url)} has no emulator as its default export.`,
      'Export defineEmulator({ start }) of @easel/plugin-sdk/emulator.',
    );
  try {
    return await emulator.start({ port });
  } catch (cause) {
    const { code, message } = cause as NodeJS.ErrnoException;
    const hint = code === 'EADDRINUSE' ? 'Choose another port.' : 'Look at the emulator of the plugin.';
    throw failed(`The emulator did not start on port ${port} (${code ?? message}).`, hint, cause);
  }
}

function findEmulator(id: string, configFile: string | undefined): string {
  const { plugins } = discoverPlugins(readConfiguration({ configFile }), sdkVersion);
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
