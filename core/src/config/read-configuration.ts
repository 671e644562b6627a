import { existsSync, readFileSync, realpathSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { EaselError } from '@easel/plugin-sdk';
import { ownCatalogueFolder } from '../model-files/own-entries.js';
import { parseJson } from '../parse-json.js';
import { bundledPackages, resolutionFolders } from './bundled-packages.js';
import { type Configuration, type ConfigurationInput, configurationSchema } from './configuration.js';
import {
  type ConfigurationSource,
  configurationFileOf,
  environmentOf,
  folderOf,
  namedFile,
} from './configuration-source.js';
import { readEnvironmentSettings } from './environment-settings.js';
import { findPackage } from './find-package.js';
import { firstProblem } from './first-problem.js';
import { homeFolder } from './home-folder.js';
import { readHostPlugins, resolveCatalogueFolder } from './host-plugins.js';
import { resolvePluginNames } from './named-plugins.js';

/** What comes with Easel for several servers; it is installed where it is wanted. */
const defaultScalePackage = '@easel/scale';

/**
 * Reads and checks the configuration; folders come out absolute, without doubles. Throws ERR_CONFIG_INVALID.
 */
export function readConfiguration(source: ConfigurationSource): Configuration {
  const file = configurationFileOf(source);
  const isRead = source.configuration === undefined && (namedFile(source) !== undefined || existsSync(file));
  const given = source.configuration ?? withSettings(isRead ? readJson(file) : {}, source);
  const parsed = configurationSchema.safeParse(given);
  if (!parsed.success) {
    throw new EaselError({
      code: 'ERR_CONFIG_INVALID',
      message: `${isRead ? file : 'The configuration'}: ${firstProblem(parsed.error)}.`,
    });
  }
  const base = isRead ? dirname(file) : folderOf(source);
  const bundled = source.bundled === false ? [] : bundledPackages(base);
  const { settings, named } = resolvePluginNames(parsed.data.plugins, resolutionFolders(base));
  const host = readHostPlugins(source);
  const namedPlugins = [...host.named, ...named];
  const storageFolder = resolve(base, parsed.data.storageFolder ?? defaultStorageFolder(source));
  const { scale } = parsed.data;
  return {
    ...parsed.data,
    ...(scale && withPackage(scale, resolutionFolders(base))),
    storageFolder,
    ...(parsed.data.secretsFile !== undefined && { secretsFile: resolve(base, parsed.data.secretsFile) }),
    ...(parsed.data.wildcardFolder !== undefined && {
      wildcardFolder: resolve(base, parsed.data.wildcardFolder),
    }),
    ...(parsed.data.contentCredentials && {
      contentCredentials: {
        certificate: resolve(base, parsed.data.contentCredentials.certificate),
        key: resolve(base, parsed.data.contentCredentials.key),
      },
    }),
    server: {
      ...parsed.data.server,
      modelFolders: distinct(parsed.data.server.modelFolders.map((path) => resolve(base, path))),
    },
    plugins: settings,
    pluginPackages: distinct([
      ...namedPlugins.map(({ folder }) => folder),
      ...bundled.flatMap(({ plugin }) => plugin ?? []),
    ]),
    givenPlugins: host.given,
    givenModels: host.models,
    pluginFolders: distinct(parsed.data.pluginFolders.map((path) => resolve(base, path))),
    catalogueFolders: distinct([
      ...bundled.flatMap(({ catalogue }) => catalogue ?? []),
      ...namedPlugins.flatMap(({ catalogue }) => catalogue ?? []),
      ...parsed.data.catalogueFolders.map((name) => resolveCatalogueFolder(name, base)),
      ownCatalogueFolder(storageFolder),
    ]),
  };
}

/** What the file says, with the settings of the environment in place of its own. */
function withSettings(written: unknown, source: ConfigurationSource): unknown {
  if (typeof written !== 'object' || written === null) return written;
  const { server, ...settings } = readEnvironmentSettings(environmentOf(source), folderOf(source));
  const ownServer = (written as ConfigurationInput).server;
  return { ...written, ...settings, ...(server && { server: { ...ownServer, ...server } }) };
}

/** Throws ERR_CONFIG_INVALID where there is no home folder. */
function defaultStorageFolder(source: ConfigurationSource): string {
  const { EASEL_STORAGE: named } = environmentOf(source);
  if (named) return resolve(folderOf(source), named);
  const home = homeFolder();
  if (home !== undefined) return join(home, '.easel');
  throw new EaselError({
    code: 'ERR_CONFIG_INVALID',
    message: 'There is no home folder to keep things in: HOME is not set, and this user has none.',
    hint: 'Set EASEL_STORAGE to a folder that this process may write to.',
  });
}

function readJson(file: string): unknown {
  try {
    return parseJson(readFileSync(file, 'utf8'));
  } catch (cause) {
    throw new EaselError({
      code: 'ERR_CONFIG_INVALID',
      message: `${file}: cannot be read (${(cause as Error).message}).`,
      cause,
    });
  }
}

function withPackage(
  scale: NonNullable<Configuration['scale']>,
  folders: readonly string[],
): Pick<Configuration, 'scale' | 'scalePackage'> {
  const name = String(scale.package ?? defaultScalePackage);
  return { scale: { ...scale, package: name }, scalePackage: findPackage(name, folders) };
}

const distinct = (folders: readonly string[]) => [
  ...new Set(folders.map((path) => (existsSync(path) ? realpathSync(path) : path))),
];
