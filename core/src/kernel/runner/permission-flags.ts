import { join, sep } from 'node:path';

export interface ProcessPermissions {
  /**
   * Folders that it reads, with all that is in them, beside the one that it may write to. Absent: it reads
   * everything.
   */
  readonly readableFolders: readonly string[] | undefined;
  /** The only folder that it may write to. Absent: it writes nothing. */
  readonly storageFolder: string | undefined;
  readonly childProcesses: boolean;
  /** Whether it starts worker threads, which Node's permissions do not bind where they ask not to be. */
  readonly workers: boolean;
  /** Whether it loads native code, which Node's permissions do not bind. */
  readonly native: boolean;
}

/** Argument of the main module of a plugin's process that may start threads. */
export const workersFlag = '--workers';

const known = process.allowedNodeEnvironmentFlags;

/**
 * Node's permission model around a plugin's process, as far as this Node has one: it reads its code and its
 * own folder, and writes to that alone. The watchdog needs a thread; those of the plugin are denied by
 * deny-workers.ts. It keeps mistakes in, not malice: the network is open, and native code, threads and other
 * processes are not bound by it.
 */
export function permissionFlags(permissions: ProcessPermissions): string[] {
  const { readableFolders, storageFolder, childProcesses, native } = permissions;
  const stored = storageFolder === undefined ? [] : [storageFolder];
  const readable = readableFolders ? outermost([...readableFolders, ...stored]).map(allIn) : ['*'];
  return [
    known.has('--permission') ? '--permission' : '--experimental-permission',
    '--disable-warning=ExperimentalWarning',
    '--disable-warning=SecurityWarning',
    ...readable.map((path) => `--allow-fs-read=${path}`),
    '--allow-worker',
    ...stored.map((folder) => `--allow-fs-write=${allIn(folder)}`),
    ...(childProcesses ? ['--allow-child-process'] : []),
    ...(native ? ['--allow-addons'] : []),
    // From Node 25 on the network is a permission as well.
    ...(known.has('--allow-net') ? ['--allow-net'] : []),
  ];
}

const allIn = (folder: string) => join(folder, '*');

/** Without those that lie in others, or come twice: Node 20 ends at them. */
const outermost = (folders: readonly string[]): string[] =>
  [...new Set(folders)].filter(
    (folder, _, all) => !all.some((other) => other !== folder && folder.startsWith(other + sep)),
  );
