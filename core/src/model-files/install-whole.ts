import { readdir } from 'node:fs/promises';
import { basename, join, relative } from 'node:path';
import type { HubSource } from '@easel/plugin-sdk';
import { RepositoryFolder } from './cache-folder.js';
import type { HubSettings } from './hub-settings.js';
import { type Installed, type InstallOptions, install } from './install.js';
import { modelIndexName } from './model-index.js';
import { assembledFolder, assembledName, linkFile, partName, sourceOfPart } from './parts.js';

/**
 * Installs a model with its parts from other repositories. A part that is there already, since another model
 * has it, is not fetched again. Throws as {@link install} does.
 */
export async function installWhole(
  source: HubSource,
  settings: HubSettings,
  options: InstallOptions = {},
): Promise<Installed> {
  const { parts: wanted = [], ...own } = source;
  let bytes = 0;
  const parts = [];
  for (const part of wanted) {
    const installed = await install(sourceOfPart(part), settings, { ...options, isPart: true });
    bytes += installed.bytes;
    parts.push({ part, path: installed.path });
  }
  const model = await install(own, settings, options);
  if (parts.length === 0) return model;
  const { file } = own;
  const snapshot = new RepositoryFolder(settings.cacheFolder, own.repository).snapshot(model.commit);
  const folder = assembledFolder(snapshot, source);
  for (const { part, path } of parts) await linkFile(join(folder, partName(part)), path);
  const names = file === undefined ? await namesBelow(snapshot) : [basename(file)];
  for (const name of names)
    await linkFile(join(folder, name), file === undefined ? join(snapshot, name) : model.path);
  const path = file === undefined ? folder : join(folder, basename(file));
  return { ...model, path, bytes: model.bytes + bytes };
}

/** Of the files of a model in a folder, the one that proves that all is there as the last. */
async function namesBelow(snapshot: string): Promise<string[]> {
  const entries = await readdir(snapshot, { recursive: true, withFileTypes: true });
  const names = entries
    .filter((entry) => entry.isSymbolicLink())
    .map((entry) => relative(snapshot, join(entry.parentPath, entry.name)))
    .filter((name) => !name.startsWith(assembledName));
  const last = (name: string) => Number(name === modelIndexName);
  return names.sort((one, other) => last(one) - last(other));
}
