import { type Dirent, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { readHubSettings } from '../model-files/hub-settings.js';

/** A part of what Easel keeps on disk. */
export interface DiskPart {
  readonly name: string;
  /** Of the plugin whose own folder it is. Empty: it is the server's. */
  readonly plugin: string;
  /** Absolute paths of files and folders. */
  readonly paths: readonly string[];
}

/** Folders and files of the storage folder that are a part each. */
const kept = { results: ['results'], inputs: ['inputs'], cache: ['cache'], jobs: ['jobs.db', 'jobs.db-wal'] };

/**
 * What Easel keeps on disk: its results and jobs, what each plugin keeps, such as prepared networks, and
 * models, which lie in the cache of the hub and in the model folders.
 */
export function diskParts(storageFolder: string, modelFolders: readonly string[]): DiskPart[] {
  const { cacheFolder } = readHubSettings();
  const repositories = namesIn(cacheFolder).filter((name) => name.startsWith('models--'));
  const models = [...modelFolders, ...repositories.map((name) => join(cacheFolder, name))];
  return [
    ...Object.entries(kept).map(([name, paths]) => ({
      ...{ name, plugin: '' },
      paths: paths.map((path) => join(storageFolder, path)),
    })),
    ...namesIn(join(storageFolder, 'plugins')).map((plugin) => ({
      ...{ name: 'plugin', plugin },
      paths: [join(storageFolder, 'plugins', plugin)],
    })),
    { name: 'models', plugin: '', paths: models },
  ];
}

function namesIn(folder: string): string[] {
  const entries: Dirent[] = [];
  try {
    entries.push(...readdirSync(folder, { withFileTypes: true }));
  } catch {
    // Not there: nothing is in it.
  }
  return entries.filter((entry) => entry.isDirectory()).map(({ name }) => name);
}
