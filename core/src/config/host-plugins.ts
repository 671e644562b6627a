import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import type { Model } from '@easel/plugin-sdk';
import { readGivenPlugin } from '../kernel/manifest/given.js';
import type { PluginFolder } from '../kernel/manifest/read.js';
import { parseModel } from '../models/parse-model.js';
import { resolutionFolders } from './bundled-packages.js';
import { type ConfigurationSource, folderOf } from './configuration-source.js';
import { findPackage } from './find-package.js';
import { type NamedPlugin, requireNamedPlugin } from './named-plugins.js';
import { readPackage } from './package-contents.js';

/** What the host's program gives beside the configuration. */
export interface HostPlugins {
  readonly named: readonly NamedPlugin[];
  readonly given: readonly PluginFolder[];
  readonly models: readonly Model[];
}

/**
 * Throws ERR_CONFIG_INVALID for a plugin that is not there, ERR_MANIFEST_INVALID and ERR_CATALOGUE_INVALID
 * for values that are wrong.
 */
export function readHostPlugins(source: ConfigurationSource): HostPlugins {
  const folder = folderOf(source);
  const [named, given]: [NamedPlugin[], PluginFolder[]] = [[], []];
  for (const plugin of source.plugins ?? [])
    if (typeof plugin === 'string') named.push(requireNamedPlugin(plugin, resolutionFolders(folder)));
    else given.push(readGivenPlugin(plugin, folder));
  const models = (source.models ?? []).map((model) =>
    parseModel(model, 'A model among the options "models"', folder),
  );
  return { named, given, models };
}

/** Absolute path of a folder of catalogue files, which may be that of a package. */
export function resolveCatalogueFolder(name: string, base: string): string {
  const folder = resolve(base, name);
  if (existsSync(folder)) return folder;
  const root = findPackage(name, resolutionFolders(base));
  return (root === undefined ? undefined : readPackage(root).catalogue) ?? folder;
}
