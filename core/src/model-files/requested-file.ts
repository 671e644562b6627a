import { realpath, stat } from 'node:fs/promises';
import { isAbsolute, relative, resolve, sep } from 'node:path';
import type { Model } from '@easel/plugin-sdk';
import { isInstalled, withInstalledSource } from './resolve-source.js';

/** What requests from outside may name files of. */
export interface ModelFiles {
  /** By id. */
  readonly models: ReadonlyMap<string, Model>;
  /** Absolute. */
  readonly folders: readonly string[];
}

const longestName = 1_000;

/**
 * Absolute path of what a request from outside names: a model by its id, or a file or folder below one of the
 * model folders, with all symbolic links followed. Undefined for all else, whether it is there or not.
 */
export async function requestedFile(
  name: string,
  { models, folders }: ModelFiles,
): Promise<string | undefined> {
  if (name === '' || name.length > longestName || name.includes('\0')) return undefined;
  const model = models.get(name);
  if (model) return pathOf(model);
  for (const folder of folders) {
    const path = await pathBelow(folder, name);
    if (path !== undefined) return path;
  }
  return undefined;
}

function pathOf(model: Model): string | undefined {
  if (!isInstalled(model)) return undefined;
  const { source } = withInstalledSource(model);
  return 'path' in source ? source.path : undefined;
}

async function pathBelow(folder: string, name: string): Promise<string | undefined> {
  try {
    const [base, path] = [await realpath(folder), await realpath(resolve(folder, name))];
    const way = relative(base, path);
    if (way === '' || way === '..' || way.startsWith(`..${sep}`) || isAbsolute(way)) return undefined;
    // A pipe or a device would be waited for.
    const about = await stat(path);
    return about.isFile() || about.isDirectory() ? path : undefined;
  } catch {
    return undefined;
  }
}
