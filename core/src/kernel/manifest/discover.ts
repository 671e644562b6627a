import { existsSync, readdirSync } from 'node:fs';
import { basename, join } from 'node:path';
import { EaselError } from '@easel/plugin-sdk';
import { assertApproved } from '../../config/approval.js';
import type { Configuration } from '../../config/configuration.js';
import { negotiate } from './negotiate.js';
import { type PluginFolder, readPluginFolder } from './read.js';
import { readPluginId } from './read-id.js';

export interface Discovery {
  readonly plugins: readonly PluginFolder[];
  /** Folders with a plugin.json that cannot be used, and why. */
  readonly rejected: readonly { readonly folder: string; readonly id: string; readonly reason: EaselError }[];
}

type Sources = Pick<Configuration, 'givenPlugins' | 'pluginPackages' | 'pluginFolders' | 'plugins'>;

/**
 * Finds the plugins that are given by value, those that are packages, and those in folders of plugin folders;
 * later ones add to earlier ones. A broken plugin never hides the others.
 */
export function discoverPlugins(
  { givenPlugins, pluginPackages, pluginFolders, plugins: settings }: Sources,
  sdkVersion: string,
): Discovery {
  const plugins = new Map<string, PluginFolder>();
  const rejected: { folder: string; id: string; reason: EaselError }[] = [];
  const given = givenPlugins.map((plugin) => ({ folder: plugin.path, read: () => plugin }));
  const folders = [...pluginPackages, ...pluginFolders.flatMap(withManifest)];
  const onDisk = folders.map((folder) => ({ folder, read: () => readPluginFolder(folder) }));
  for (const { folder, read } of [...given, ...onDisk]) {
    try {
      const plugin = read();
      negotiate(plugin.manifest, sdkVersion);
      assertApproved(plugin, settings[plugin.manifest.id]?.approved);
      const known = plugins.get(plugin.manifest.id);
      if (known?.folder === plugin.folder && !plugin.module) continue;
      if (known) throw duplicate(plugin, known);
      plugins.set(plugin.manifest.id, plugin);
    } catch (error) {
      if (!EaselError.isInstance(error)) throw error;
      rejected.push({ folder, id: readPluginId(folder) ?? basename(folder), reason: error });
    }
  }
  return { plugins: [...plugins.values()], rejected };
}

/** The folder of a plugin that cannot be used. */
export const findRejected = (rejected: Discovery['rejected'], id: string) =>
  rejected.find((folder) => folder.id === id);

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
