import { resolve } from 'node:path';
import type { ModelInput, Plugin } from '@easel/plugin-sdk';
import type { ConfigurationInput } from './configuration.js';
import type { Environment } from './environment-settings.js';

export const configurationFileName = 'easel.config.json';

/** Where the configuration comes from, and whether what is bundled with Easel is used beside it. */
export interface ConfigurationSource {
  /** The configuration itself. Absent: it is read from `configFile`. */
  readonly configuration?: ConfigurationInput | undefined;
  /**
   * Path of the file. Absent: `EASEL_CONFIG`, or `easel.config.json` in the working directory, where there is
   * one.
   */
  readonly configFile?: string | undefined;
  /** Variables that go before the settings of the file, such as `EASEL_STORAGE`. Absent: `process.env`. */
  readonly environment?: Environment | undefined;
  /**
   * Folder that paths start from, but for those of a file, and that packages are looked for from. Absent: the
   * working directory.
   */
  readonly folder?: string | undefined;
  /**
   * Plugins besides those that the configuration names and that are found: by the names of their packages, by
   * the paths of their folders, which begin with `./`, or by value, made by `definePlugin` with a manifest.
   * Absent: none.
   */
  readonly plugins?: readonly (string | Plugin)[] | undefined;
  /** Models besides those of the catalogue. Absent: none. */
  readonly models?: readonly ModelInput[] | undefined;
  /**
   * Whether the plugins and models that the package `easel` brings along are used too, where it is installed.
   * Absent: yes.
   */
  readonly bundled?: boolean | undefined;
}

/** Absolute path of the file that it is read from, where there is one. */
export const configurationFileOf = (source: ConfigurationSource): string =>
  resolve(folderOf(source), namedFile(source) ?? configurationFileName);

/** Absolute path of the host's folder. */
export const folderOf = ({ folder = '.' }: ConfigurationSource): string => resolve(folder);

/** The variables that settings are read from. */
export const environmentOf = ({ environment = process.env }: ConfigurationSource): Environment => environment;

/** Path of the file, where one is named. */
export const namedFile = (source: ConfigurationSource): string | undefined =>
  source.configFile ?? (environmentOf(source).EASEL_CONFIG || undefined);
