import { isDeepStrictEqual } from 'node:util';
import { ownCatalogueFolder } from '../model-files/own-entries.js';
import type { Configuration } from './configuration.js';
import type { SettingName } from './setting-names.js';

/**
 * Settings that are read once, when the kernel or its server starts; all others take effect as soon as the
 * file changes.
 */
const restartSettings = [
  'storageFolder',
  'secretsFile',
  'scale',
  'server.host',
  'server.port',
  'server.prefix',
  'server.role',
  'server.closeSeconds',
  'server.bodyMb',
  'server.corsOrigins',
  'server.logLevel',
  'server.logFormat',
] as const satisfies readonly SettingName[];

/**
 * A configuration of which all is in effect, and the settings of what was read that wait for the next start.
 */
export interface Applicable {
  readonly configuration: Configuration;
  readonly waiting: readonly SettingName[];
}

/** @param started the configuration with which the kernel was started */
export function keepRestartSettings(started: Configuration, read: Configuration): Applicable {
  const changed = restartSettings.filter(
    (path) => !isDeepStrictEqual(valueAt(started, path), valueAt(read, path)),
  );
  // The path of its public URL is where the server is; the rest of it may change at any time.
  const isMoved = publicPath(started) !== publicPath(read);
  const waiting = isMoved ? [...changed, 'server.publicUrl' as const] : changed;
  const server = {
    ...read.server,
    ...pick(started, (path) => path.startsWith('server.')),
    ...(isMoved ? { publicUrl: started.server.publicUrl } : {}),
  };
  const kept: Configuration = { ...read, ...pick(started, (path) => !path.startsWith('server.')), server };
  const [before, now] = [started, read].map(({ storageFolder }) => ownCatalogueFolder(storageFolder));
  const catalogueFolders = read.catalogueFolders.map((folder) =>
    folder === now ? (before as string) : folder,
  );
  return { waiting, configuration: { ...kept, catalogueFolders } };
}

const publicPath = ({ server: { publicUrl } }: Configuration) =>
  publicUrl === undefined ? '/' : new URL(publicUrl).pathname.replace(/\/?$/, '/');

/** Those that are read once, by their names in their part of the configuration. */
const pick = (configuration: Configuration, isWanted: (path: SettingName) => boolean): object =>
  Object.fromEntries(
    restartSettings.filter(isWanted).map((path) => [fieldOf(path), valueAt(configuration, path)]),
  );

const fieldOf = (path: SettingName) => path.replace(/^server\./, '');

function valueAt(configuration: Configuration, path: SettingName): unknown {
  const part: object = path.startsWith('server.') ? configuration.server : configuration;
  return (part as Readonly<Record<string, unknown>>)[fieldOf(path)];
}
