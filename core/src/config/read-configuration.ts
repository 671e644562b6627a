import { existsSync, readFileSync, realpathSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { EaselError } from '@easel/plugin-sdk';
import { ownCatalogueFolder } from '../library/own-entries.js';
import { type Configuration, type ConfigurationInput, configurationSchema } from './configuration.js';
import { firstProblem } from './first-problem.js';

export const configurationFileName = 'easel.config.json';
/** Folder that holds `core`, `plugins` and `models`. */
const installation = fileURLToPath(new URL('../../../', import.meta.url));

/** Where the configuration comes from, and whether what is bundled with Easel is used beside it. */
export interface ConfigurationSource {
  /** The configuration itself. Absent: it is read from `configFile`. */
  readonly configuration?: ConfigurationInput | undefined;
  /** Path of the file. Absent: `easel.config.json` in the working directory, where there is one. */
  readonly configFile?: string | undefined;
  /** Whether the plugins and models that come with Easel are used too. Absent: yes. */
  readonly bundled?: boolean | undefined;
}

/** Absolute path of the file that it is read from, where there is one. */
export const configurationFileOf = ({ configFile }: ConfigurationSource): string =>
  resolve(configFile ?? configurationFileName);

/** Reads and checks the configuration; folders come out absolute, without doubles. Throws ERR_CONFIG_INVALID. */
export function readConfiguration(source: ConfigurationSource): Configuration {
  const file = configurationFileOf(source);
  const isRead = source.configuration === undefined && (source.configFile !== undefined || existsSync(file));
  const parsed = configurationSchema.safeParse(isRead ? readJson(file) : (source.configuration ?? {}));
  if (!parsed.success) {
    throw new EaselError({
      code: 'ERR_CONFIG_INVALID',
      message: `${isRead ? file : 'The configuration'}: ${firstProblem(parsed.error)}.`,
    });
  }
  const base = isRead ? dirname(file) : process.cwd();
  const bundled = (folder: string) => (source.bundled === false ? [] : [resolve(installation, folder)]);
  const storageFolder = resolve(base, parsed.data.storageFolder ?? join(homedir(), '.easel'));
  return {
    ...parsed.data,
    storageFolder,
    ...(parsed.data.secretsFile !== undefined && { secretsFile: resolve(base, parsed.data.secretsFile) }),
    server: {
      ...parsed.data.server,
      modelFolders: distinct(parsed.data.server.modelFolders.map((path) => resolve(base, path))),
    },
    pluginFolders: distinct([
      ...bundled('plugins'),
      ...parsed.data.pluginFolders.map((path) => resolve(base, path)),
    ]),
    catalogueFolders: distinct([
      ...bundled('models/catalogue'),
      ...parsed.data.catalogueFolders.map((path) => resolve(base, path)),
      ownCatalogueFolder(storageFolder),
    ]),
  };
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
