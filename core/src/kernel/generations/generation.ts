import { existsSync } from 'node:fs';
import { cp, mkdir, readdir, rename, rm, symlink } from 'node:fs/promises';
import { basename, join, relative } from 'node:path';
import { isOwnerAlive, ownMark, SignOfLife } from '@easel/plugin-sdk';
import { makeFolder } from '../../storage/make-folder.js';
import type { PluginFolder } from '../manifest/read.js';
import { hashFolder, isForTools } from './fingerprint.js';
import { linkSurroundings } from './link-surroundings.js';

const folderIn = (storageFolder: string) => join(storageFolder, 'generations');
const privateMode = 0o700;
/** In a name, where nobody can tell. */
const unknown = 'unknown';
const signOfLife = new SignOfLife();
let generations = 0;

/**
 * Copies a plugin's folder into the storage folder, and answers the plugin as it is there: a version that
 * runs must not see the next edit. The copy is named `id@hash.space.process.start.number`, the process being
 * the kernel's, and is renewed while it is used. Where nothing can be written, the plugin runs where it is,
 * and so does one that is given by value.
 *
 * @param fingerprint of what is to be copied, the hash of its content first
 * @param signal ends the copying; it rejects with the signal's reason then, and leaves nothing behind
 * @returns undefined where the folder has changed meanwhile; the end of that will be noticed
 */
export async function takeGeneration(
  plugin: PluginFolder,
  fingerprint: string,
  storageFolder: string,
  signal?: AbortSignal,
): Promise<PluginFolder | undefined> {
  if (plugin.module) return plugin;
  const [hash = ''] = fingerprint.split(' ');
  const { space, pid, startedAt } = ownMark();
  const owner = [space || unknown, pid, startedAt || unknown, generations++];
  const name = [`${plugin.manifest.id}@${hash.slice(0, 12)}`, ...owner].join('.');
  const root = join(folderIn(storageFolder), name);
  const staged = `${root}.new`;
  const origin = plugin.copy?.origin ?? plugin.folder;
  const packages = join(plugin.folder, 'node_modules');
  try {
    // A storage folder that was moved away is not made anew in its place.
    if (!existsSync(folderIn(storageFolder))) await mkdir(folderIn(storageFolder), { mode: privateMode });
    await mkdir(staged, { mode: privateMode });
    const stagedFolder = await linkSurroundings(origin, staged);
    await cp(plugin.folder, stagedFolder, {
      recursive: true,
      filter(path) {
        signal?.throwIfAborted();
        return path !== packages && basename(path) !== '.git' && !isForTools(basename(path));
      },
    });
    if ((await hashFolder(stagedFolder, signal)) !== hash) {
      await rm(staged, { recursive: true, force: true });
      return undefined;
    }
    await symlink(join(origin, 'node_modules'), join(stagedFolder, 'node_modules'), 'junction');
    await rename(staged, root);
    signOfLife.keep(root);
    const folder = join(root, relative(staged, stagedFolder));
    return {
      ...plugin,
      folder,
      entry: join(folder, relative(plugin.folder, plugin.entry)),
      copy: { root, origin },
    };
  } catch {
    await rm(staged, { recursive: true, force: true }).catch(() => {});
    signal?.throwIfAborted();
    return plugin;
  }
}

/** Removes the copy of a version that has ended; what was never copied stays. */
export async function dropGeneration({ copy }: PluginFolder): Promise<void> {
  if (!copy) return;
  signOfLife.drop(copy.root);
  await rm(copy.root, { recursive: true, force: true }).catch(() => {});
}

/**
 * Makes the folder that copies go into, and removes what kernels have left that did not end in order; copies
 * of one that runs stay.
 */
export async function prepareGenerations(storageFolder: string): Promise<void> {
  const all = folderIn(storageFolder);
  await makeFolder(all, privateMode).catch(() => {});
  for (const name of await readdir(all).catch(() => [])) {
    const [, space = '', pid, startedAt = ''] = /\.(\w+)\.(\d+)\.(\w+)\.\d+(?:\.new)?$/.exec(name) ?? [];
    const known = (text: string) => (text === unknown ? '' : text);
    const mark = { pid: Number(pid), startedAt: known(startedAt), space: known(space) };
    if (pid !== undefined && (await isOwnerAlive(join(all, name), mark))) continue;
    await rm(join(all, name), { recursive: true, force: true }).catch(() => {});
  }
}
