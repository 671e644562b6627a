import { existsSync, realpathSync } from 'node:fs';
import { isAbsolute, join, resolve } from 'node:path';
import { EaselError, manifestSchema } from '@easel/plugin-sdk';
import { readPluginId } from '../kernel/manifest/read-id.js';
import type { Configuration } from './configuration.js';
import { findPackage } from './find-package.js';
import { readPackage } from './package-contents.js';

/** A plugin that is named, not found in a folder of plugin folders. */
export interface NamedPlugin {
  /** Absolute path of the folder with its plugin.json, symbolic links resolved. */
  readonly folder: string;
  /** Absent: its manifest does not tell. */
  readonly id: string | undefined;
  /** Absolute path of the catalogue folder that comes with it. Absent: none does. */
  readonly catalogue?: string | undefined;
}

type Settings = Configuration['plugins'];

/** Whether a name is a path, and not the name of a package. */
const isPath = (name: string): boolean => /^\.{1,2}([\\/]|$)/.test(name) || isAbsolute(name);

const isId = (name: string): boolean => manifestSchema.shape.id.safeParse(name).success;

/**
 * Finds a plugin by the name of its package, or by the path of its folder.
 *
 * @param folders absolute paths: a path is relative to the first one, and packages are looked for from one
 * after the other
 * @returns undefined where there is no such folder or package, or no plugin in it
 */
export function findNamedPlugin(name: string, folders: readonly string[]): NamedPlugin | undefined {
  const [base = '.'] = folders;
  const root = isPath(name) ? resolve(base, name) : findPackage(name, folders);
  if (root === undefined || !existsSync(root)) return undefined;
  const { plugin = root, catalogue } = existsSync(join(root, 'package.json')) ? readPackage(root) : {};
  if (!existsSync(join(plugin, 'plugin.json'))) return undefined;
  return { folder: realpathSync(plugin), id: readPluginId(plugin), catalogue };
}

/** Like {@link findNamedPlugin}; throws ERR_CONFIG_INVALID where there is none. */
export function requireNamedPlugin(name: string, folders: readonly string[]): NamedPlugin {
  const found = findNamedPlugin(name, folders);
  if (found) return found;
  const where = isPath(name) ? resolve(folders[0] ?? '.', name) : folders.join(', ');
  throw new EaselError({
    code: 'ERR_CONFIG_INVALID',
    message: isPath(name)
      ? `plugins: "${name}" is not a folder of a plugin: there is no plugin.json in ${where}.`
      : `plugins: there is no package "${name}" with a plugin.json; it was looked for from ${where}.`,
    hint: isPath(name)
      ? 'Name the folder that holds its plugin.json.'
      : `Install it, npm install ${name}, or begin the path of a folder with "./".`,
  });
}

/**
 * The settings of plugins by their ids, where the configuration may have them by the names of packages or the
 * paths of folders, and the plugins that it names so. Throws ERR_CONFIG_INVALID for a package that is not
 * there, and for a plugin that has settings under two names.
 */
export function resolvePluginNames(
  settings: Settings,
  folders: readonly string[],
): { readonly settings: Settings; readonly named: readonly NamedPlugin[] } {
  const byId = new Map<string, { readonly name: string; readonly settings: Settings[string] }>();
  const named: NamedPlugin[] = [];
  for (const [name, own] of Object.entries(settings)) {
    const found = isId(name) ? findNamedPlugin(name, folders) : requireNamedPlugin(name, folders);
    if (found) named.push(found);
    const id = found?.id ?? name;
    const other = byId.get(id);
    if (other)
      throw new EaselError({
        code: 'ERR_CONFIG_INVALID',
        message: `plugins: "${other.name}" and "${name}" are the same plugin, ${id}; keep one of them.`,
      });
    byId.set(id, { name, settings: own });
  }
  return { settings: Object.fromEntries([...byId].map(([id, { settings: own }]) => [id, own])), named };
}
