import { existsSync, readdirSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { readConfiguration } from '../../config/read-configuration.js';
import { discoverPlugins } from '../../kernel/manifest/discover.js';
import { sdkVersion } from '../../version.js';

const isPluginFolder = (folder: string) => existsSync(join(folder, 'plugin.json'));

/**
 * The folders of plugins that somebody means: by the folder itself, by a folder of such folders, or by the id
 * of a plugin that is configured. Where it is none of them, the path alone.
 */
export function findCheckedFolders(named: string, configFile: string | undefined): string[] {
  const path = resolve(named);
  if (isPluginFolder(path)) return [path];
  if (existsSync(path)) {
    const within = readdirSync(path)
      .sort()
      .map((name) => join(path, name))
      .filter(isPluginFolder);
    return within.length > 0 ? within : [path];
  }
  const { plugins, rejected } = discoverPlugins(readConfiguration({ configFile }), sdkVersion);
  const known = [...plugins.map(({ manifest: { id }, folder }) => ({ id, folder })), ...rejected];
  const found = known.find(({ id }) => id === named);
  return [found?.folder ?? path];
}
