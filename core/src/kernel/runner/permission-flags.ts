import { join } from 'node:path';

export interface ProcessPermissions {
  /** The only folder that it may write to. Absent: it writes nothing. */
  readonly storageFolder: string | undefined;
  readonly childProcesses: boolean;
  /** Whether it loads native code, which Node's permissions do not bind. */
  readonly native: boolean;
}

const known = process.allowedNodeEnvironmentFlags;

/**
 * Node's permission model around a plugin's process, as far as this Node has one: it reads every file, since packages lie anywhere, and
 * writes to its own folder alone. The watchdog needs threads. It keeps mistakes in, not malice: the network is open, and native code and
 * other processes are not bound by it.
 */
export function permissionFlags({ storageFolder, childProcesses, native }: ProcessPermissions): string[] {
  return [
    known.has('--permission') ? '--permission' : '--experimental-permission',
    '--disable-warning=ExperimentalWarning',
    '--disable-warning=SecurityWarning',
    '--allow-fs-read=*',
    '--allow-worker',
    ...(storageFolder === undefined ? [] : [`--allow-fs-write=${join(storageFolder, '*')}`]),
    ...(childProcesses ? ['--allow-child-process'] : []),
    ...(native ? ['--allow-addons'] : []),
    // From Node 25 on the network is a permission as well.
    ...(known.has('--allow-net') ? ['--allow-net'] : []),
  ];
}
