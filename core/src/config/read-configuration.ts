import { existsSync, readFileSync, realpathSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { EaselError } from '@easel/plugin-sdk';
import { ownCatalogueFolder } from '../library/own-entries.js';
import { bundledPackages } from './bundled-packages.js';
import { type Configuration, type ConfigurationInput, configurationSchema } from './configuration.js';
import { type Environment, readEnvironmentSettings } from './environment-settings.js';
import { firstProblem } from './first-problem.js';
import { homeFolder } from './home-folder.js';

export const configurationFileName = 'easel.config.json';

/** Where the configuration comes from, and whether what is bundled with Easel is used beside it. */
export interface ConfigurationSource {
  /** The configuration itself. Absent: it is read from `configFile`. */
  readonly configuration?: ConfigurationInput | undefined;
  /** Path of the file. Absent: `EASEL_CONFIG`, or `easel.config.json` in the working directory, where there is one. */
  readonly configFile?: string | undefined;
  /** Variables that go before the settings of the file, such as `EASEL_STORAGE`. Absent: `process.env`. */
  readonly environment?: Environment | undefined;
  /** Whether the plugins and models that the package `easel` brings along are used too, where it is installed. Absent: yes. */
  readonly bundled?: boolean | undefined;
}

/** Absolute path of the file that it is read from, where there is one. */
export const configurationFileOf = (source: ConfigurationSource): string =>
  resolve(namedFile(source) ?? configurationFileName);

const environmentOf = ({ environment = process.env }: ConfigurationSource): Environment => environment;

const namedFile = (source: ConfigurationSource): string | undefined =>
  source.configFile ?? (environmentOf(source).EASEL_CONFIG || undefined);

/** Reads and checks the configuration; folders come out absolute, without doubles. Throws ERR_CONFIG_INVALID. */
export function readConfiguration(source: ConfigurationSource): Configuration {
  const file = configurationFileOf(source);
  const isRead = source.configuration === undefined && (namedFile(source) !== undefined || existsSync(file));
  const given = source.configuration ?? withSettings(isRead ? readJson(file) : {}, environmentOf(source));
  const parsed = configurationSchema.safeParse(given);
  if (!parsed.success) {
    throw new EaselError({
      code: 'ERR_CONFIG_INVALID',
      message: `${isRead ? file : 'The configuration'}: ${firstProblem(parsed.error)}.`,
    });
  }
  const base = isRead ? dirname(file) : process.cwd();
  const bundled = source.bundled === false ? [] : bundledPackages(base);
  const storageFolder = resolve(
    base,
    parsed.data.storageFolder ?? defaultStorageFolder(environmentOf(source)),
  );
  return {
    ...parsed.data,
    storageFolder,
    ...(parsed.data.secretsFile !== undefined && { secretsFile: resolve(base, parsed.data.secretsFile) }),
    server: {
      ...parsed.data.server,
      modelFolders: distinct(parsed.data.server.modelFolders.map((path) => resolve(base, path))),
    },
    pluginPackages: bundled.flatMap(({ plugin }) => plugin ?? []),
    pluginFolders: distinct(parsed.data.pluginFolders.map((path) => resolve(base, path))),
    catalogueFolders: distinct([
      ...bundled.flatMap(({ catalogue }) => catalogue ?? []),
      ...parsed.data.catalogueFolders.map((path) => resolve(base, path)),
      ownCatalogueFolder(storageFolder),
    ]),
  };
}

/** What the file says, with the settings of the environment in place of its own. */
function withSettings(written: unknown, environment: Environment): unknown {
  if (typeof written !== 'object' || written === null) return written;
  const { server, ...settings } = readEnvironmentSettings(environment);
  const ownServer = (written as ConfigurationInput).server;
  return { ...written, ...settings, ...(server && { server: { ...ownServer, ...server } }) };
}

/** Throws ERR_CONFIG_INVALID where there is no home folder. */
function defaultStorageFolder({ EASEL_STORAGE: named }: Environment): string {
  if (named) return resolve(named);
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
    return JSON.parse(readFileSync(file, 'utf8'));
  } catch (cause) {
    throw new EaselError({
      code: 'ERR_CONFIG_INVALID',
      message: `${file}: cannot be read (${(cause as Error).message}).`,
      cause,
    });
  }
}

const distinct = (folders: readonly string[]) => [
  ...new Set(folders.map((path) => (existsSync(path) ? realpathSync(path) : path))),
];
