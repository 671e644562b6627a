import { basename, join } from 'node:path';
import type { HubSource } from '@easel/plugin-sdk';
import { RepositoryFolder } from './cache-folder.js';
import type { HubSettings } from './hub-settings.js';
import { type Installed, type InstallOptions, install } from './install.js';
import { assembledFolder, linkFile, partName, sourceOfPart } from './parts.js';

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
  const { file } = own;
  if (file === undefined || parts.length === 0) return model;
  const snapshot = new RepositoryFolder(settings.cacheFolder, own.repository).snapshot(model.commit);
  const folder = assembledFolder(snapshot, file);
  const path = join(folder, basename(file));
  await linkFile(path, model.path);
  for (const each of parts) await linkFile(join(folder, partName(each.part)), each.path);
  return { ...model, path, bytes: model.bytes + bytes };
}
