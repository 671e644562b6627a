import { cp, readdir, rename, rm, symlink } from 'node:fs/promises';
import { basename, dirname, join, relative } from 'node:path';
import type { PluginFolder } from '../manifest/read.js';
import { hashFolder } from './fingerprint.js';

/** Beside the plugins' folders, so that packages are found from there as well. */
const folderName = '.generations';
let generations = 0;

/**
 * Copies a plugin's folder, and answers the plugin as it is there: a version that runs must not see the next edit. The copy is named
 * `id@hash.process.number`, the process being the kernel's. Where nothing can be written, the plugin runs where it is.
 *
 * @param fingerprint of what is to be copied, the hash of its content first
 * @returns undefined where the folder has changed meanwhile; the end of that will be noticed
 */
export async function takeGeneration(
  plugin: PluginFolder,
  fingerprint: string,
): Promise<PluginFolder | undefined> {
  const [hash = ''] = fingerprint.split(' ');
  const all = join(dirname(plugin.path), folderName);
  const folder = join(all, `${plugin.manifest.id}@${hash.slice(0, 12)}.${process.pid}.${generations++}`);
  const staged = `${folder}.new`;
  const packages = join(plugin.folder, 'node_modules');
  try {
    await dropOrphans(all);
    await cp(plugin.folder, staged, {
      recursive: true,
      filter: (path) => path !== packages && basename(path) !== '.git',
    });
    if ((await hashFolder(staged)) !== hash) {
      await rm(staged, { recursive: true, force: true });
      return undefined;
    }
    await symlink(packages, join(staged, 'node_modules'));
    await rename(staged, folder);
  } catch {
    await rm(staged, { recursive: true, force: true }).catch(() => {});
    return plugin;
  }
  return { ...plugin, folder, entry: join(folder, relative(plugin.folder, plugin.entry)) };
}

/** Whether a plugin is such a copy. */
export const isGeneration = ({ folder }: PluginFolder): boolean => basename(dirname(folder)) === folderName;

/** Removes the copy of a version that has ended; what was never copied stays. */
export async function dropGeneration(plugin: PluginFolder): Promise<void> {
  if (isGeneration(plugin)) await rm(plugin.folder, { recursive: true, force: true }).catch(() => {});
}

/** Removes what kernels have left that did not end in order. */
async function dropOrphans(all: string): Promise<void> {
  for (const name of await readdir(all).catch(() => [])) {
    const pid = Number(/\.(\d+)\.\d+(\.new)?$/.exec(name)?.[1]);
    if (!isRunning(pid)) await rm(join(all, name), { recursive: true, force: true });
  }
}

function isRunning(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
