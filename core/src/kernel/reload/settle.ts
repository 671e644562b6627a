import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { Configuration } from '../../config/configuration.js';
import { hashFolder } from '../generations/fingerprint.js';
import { type PluginFolder, readPluginFolder } from '../manifest/read.js';

/** Tries to find a folder that is not being written to. */
const attempts = 5;

export interface Settled {
  readonly plugin: PluginFolder;
  readonly fingerprint: string;
}

/**
 * A manifest and a fingerprint that belong together: the manifest is read between two equal fingerprints.
 *
 * @param signal ends the reading; it rejects with the signal's reason then
 * @returns undefined for a folder that is being written to; the end of that will be noticed
 */
export async function settle(
  found: PluginFolder,
  configuration: Configuration,
  signal: AbortSignal,
): Promise<Settled | undefined> {
  if (found.module) return { plugin: found, fingerprint: await fingerprintOf(found, configuration, signal) };
  for (let attempt = 0; attempt < attempts; attempt++) {
    const fingerprint = await fingerprintOf(found, configuration, signal);
    let plugin: PluginFolder;
    try {
      plugin = readPluginFolder(found.path);
    } catch {
      return undefined;
    }
    if ((await fingerprintOf(plugin, configuration, signal)) === fingerprint) return { plugin, fingerprint };
  }
  return undefined;
}

/**
 * All that makes a plugin what it is: its content, its place, when its manifest was last touched, and its
 * part of the configuration.
 */
export async function fingerprintOf(
  plugin: PluginFolder,
  { plugins }: Configuration,
  signal: AbortSignal,
): Promise<string> {
  const { options, runtime, breaker } = plugins[plugin.manifest.id] ?? {};
  const own = JSON.stringify([plugin.path, options ?? {}, runtime, breaker]);
  if (plugin.module) return `given 0 ${own}`;
  const touchedAt = await stat(join(plugin.folder, 'plugin.json')).then(
    ({ mtimeMs }) => mtimeMs,
    () => 0,
  );
  return `${await hashFolder(plugin.folder, signal)} ${touchedAt} ${own}`;
}
