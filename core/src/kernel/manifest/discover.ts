import { existsSync, readdirSync } from 'node:fs';
import { basename, join } from 'node:path';
import { EaselError } from '@easel/plugin-sdk';
import { negotiate } from './negotiate.js';
import { type PluginFolder, readPluginFolder } from './read.js';

export interface Discovery {
  readonly plugins: readonly PluginFolder[];
  /** Folders with a plugin.json that cannot be used, and why. */
  readonly rejected: readonly { readonly folder: string; readonly reason: EaselError }[];
}

/** Finds the plugins in folders of plugin folders; later folders add to earlier ones. A broken plugin never hides the others. */
export function discoverPlugins(pluginFolders: readonly string[], sdkVersion: string): Discovery {
  const plugins = new Map<string, PluginFolder>();
  const rejected: { folder: string; reason: EaselError }[] = [];
  for (const folder of pluginFolders.flatMap(withManifest)) {
    try {
      const plugin = readPluginFolder(folder);
      negotiate(plugin.manifest, sdkVersion);
      const known = plugins.get(plugin.manifest.id);
      if (known?.folder === plugin.folder) continue;
      if (known) throw duplicate(plugin, known);
      plugins.set(plugin.manifest.id, plugin);
    } catch (error) {
      if (!EaselError.isInstance(error)) throw error;
      rejected.push({ folder, reason: error });
    }
  }
  return { plugins: [...plugins.values()], rejected };
}

/** The folder of a plugin that cannot be used: it is named like its plugin, as its manifest may not tell. */
export const findRejected = (rejected: Discovery['rejected'], id: string) =>
  rejected.find(({ folder }) => basename(folder) === id);

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
