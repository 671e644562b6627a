import { EaselError, errorTable } from '@easel/plugin-sdk';
import { readPluginFolder } from '../../kernel/manifest/read.js';
import { loadOnce } from '../../kernel/supervisor/load-once.js';
import type { ManifestProblem } from './manifest-problems.js';

const silent = () => {};

/**
 * Why the code of a plugin with a good manifest cannot be used. It is loaded in a process of its own, without
 * secrets; nothing is started.
 */
export async function findLoadingProblems(folder: string): Promise<ManifestProblem[]> {
  try {
    await loadOnce({
      plugin: readPluginFolder(folder),
      config: {},
      environment: {},
      storageFolder: folder,
      logger: { debug: silent, info: silent, warn: silent, error: silent },
      events: { emit: silent },
    });
    return [];
  } catch (error) {
    if (!EaselError.isInstance(error)) throw error;
    const { code, message, hint } = error;
    // The table's hints are for those who call a plugin that runs, and has a log.
    return [{ code, message: hint === errorTable[code].hint ? message : `${message} ${hint}` }];
  }
}
