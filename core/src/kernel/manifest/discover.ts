import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { EaselError } from '@easel/plugin-sdk';
import { z } from 'zod';
import type { Configuration } from '../../config/configuration.js';
import { negotiate } from './negotiate.js';
import { type PluginFolder, readPluginFolder } from './read.js';

export interface Discovery {
  readonly plugins: readonly PluginFolder[];
  /** Folders with a plugin.json that cannot be used, and why. */
  readonly rejected: readonly { readonly folder: string; readonly id: string; readonly reason: EaselError }[];
}

/**
 * Finds the plugins that are packages, and those in folders of plugin folders; later ones add to earlier ones. A broken plugin never hides
 * the others.
 */
export function discoverPlugins(
  { pluginPackages, pluginFolders }: Pick<Configuration, 'pluginPackages' | 'pluginFolders'>,
  sdkVersion: string,
): Discovery {
  const plugins = new Map<string, PluginFolder>();
  const rejected: { folder: string; id: string; reason: EaselError }[] = [];
  for (const folder of [...pluginPackages, ...pluginFolders.flatMap(withManifest)]) {
    try {
      const plugin = readPluginFolder(folder);
      negotiate(plugin.manifest, sdkVersion);
      const known = plugins.get(plugin.manifest.id);
      if (known?.folder === plugin.folder) continue;
      if (known) throw duplicate(plugin, known);
      plugins.set(plugin.manifest.id, plugin);
    } catch (error) {
      if (!EaselError.isInstance(error)) throw error;
      rejected.push({ folder, id: readId(folder), reason: error });
    }
  }
  return { plugins: [...plugins.values()], rejected };
}

/** The folder of a plugin that cannot be used. */
export const findRejected = (rejected: Discovery['rejected'], id: string) =>
  rejected.find((folder) => folder.id === id);

/** What a manifest that cannot be used says all the same; where it does not, most folders are named like their plugin. */
function readId(folder: string): string {
  try {
    const { id } = z
      .looseObject({ id: z.string() })
      .parse(JSON.parse(readFileSync(join(folder, 'plugin.json'), 'utf8')));
    return id;
  } catch {
    return basename(folder);
  }
}

/** Whether there is a plugin of that id, usable or not. */
export const isThere = ({ plugins, rejected }: Discovery, id: string): boolean =>
  plugins.some(({ manifest }) => manifest.id === id) || findRejected(rejected, id) !== undefined;

function withManifest(pluginFolder: string): string[] {
  if (!existsSync(pluginFolder)) return [];
  return readdirSync(pluginFolder)
    .filter((name) => !name.startsWith('.'))
    .sort()
    .map((name) => join(pluginFolder, name))
    .filter((folder) => existsSync(join(folder, 'plugin.json')));
}

function duplicate(plugin: PluginFolder, known: PluginFolder): EaselError {
  return new EaselError({
    code: 'ERR_MANIFEST_DUPLICATE',
    message: `${plugin.folder} and ${known.folder} both have the id "${plugin.manifest.id}"; the first one found, ${known.folder}, is used.`,
  });
}
