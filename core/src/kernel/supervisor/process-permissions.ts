import type { PluginFolder } from '../manifest/read.js';
import type { ProcessPermissions } from '../runner/permission-flags.js';
import { codeFolders } from '../runner/readable-folders.js';

/** What a plugin's process may do, by its manifest. */
export function processPermissions(
  { manifest, folder, copy }: PluginFolder,
  storageFolder: string | undefined,
): ProcessPermissions {
  const { permissions, runtime } = manifest;
  const { root, origin } = copy ?? { root: folder, origin: folder };
  return {
    readableFolders: permissions.files ? undefined : [...codeFolders(origin), root],
    storageFolder,
    childProcesses: permissions.childProcesses,
    workers: runtime.workers,
    native: runtime.native,
  };
}
