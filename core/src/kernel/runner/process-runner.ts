import { type ChildProcess, spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { Duplex } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { processSpace, processSpaceVariable } from '@easel/plugin-sdk';
import { endDescendants, runVariable } from './end-descendants.js';
import { FramePort } from './frame-port.js';
import type { IsolateHost } from './isolate-host.js';
import { IsolatedRunner, type IsolatedRunnerOptions } from './isolated-runner.js';
import { type ProcessPermissions, permissionFlags, workersFlag } from './permission-flags.js';
import type { Runner } from './runner.js';

/** Compiled code runs in the child, also where the kernel itself is run from its sources. */
const childEntry = fileURLToPath(new URL('../../../dist/kernel/runner/child-entry.js', import.meta.url));

/**
 * Runs a plugin in a child process, in its own folder and with the permissions of its manifest: the one place
 * where native code can be ended at any time.
 */
export function createProcessRunner(
  options: IsolatedRunnerOptions & { readonly permissions: ProcessPermissions },
): Runner {
  const { start, limits, permissions } = options;
  const workers = permissions.workers ? [workersFlag] : [];
  const heap = limits.heapMb === undefined ? [] : [`--max-old-space-size=${limits.heapMb}`];
  const run = permissions.childProcesses ? randomUUID() : undefined;
  const child = spawn(process.execPath, [...heap, ...permissionFlags(permissions), childEntry, ...workers], {
    env: { [processSpaceVariable]: processSpace(), ...(run === undefined ? {} : { [runVariable]: run }) },
    cwd: start.folder,
    stdio: ['ignore', 'pipe', 'pipe', 'pipe'],
    windowsHide: true,
  });
  const { stdout, stderr } = child;
  const wire = child.stdio[3];
  if (!stdout || !stderr || !(wire instanceof Duplex)) throw new Error('The process has no pipes.');
  const handles = [child, stdout, stderr, wire] as { ref?(): void; unref?(): void }[];
  let onRelease: (how: string) => void = () => {};
  const released = new Promise<string>((resolve) => {
    onRelease = resolve;
  });
  const exited = describeExit(child);
  const host: IsolateHost = {
    kind: 'process',
    pid: child.pid,
    port: new FramePort(wire, 'kernel'),
    output: { stdout, stderr },
    exited: Promise.race([exited, released]),
    drained: Promise.all([
      new Promise((resolve) => child.once('close', resolve)),
      run === undefined ? undefined : exited.then(() => endDescendants(run)),
    ]),
    destroy: () => void child.kill('SIGKILL'),
    release() {
      for (const stream of [wire, stdout, stderr]) stream.destroy();
      child.unref();
      onRelease('was left to finish what is paid');
    },
    keepHostAlive(alive) {
      for (const handle of handles) alive ? handle.ref?.() : handle.unref?.();
    },
  };
  return new IsolatedRunner(options, host);
}

/** Not events.once: its promise of an exit rejects at an error. */
function describeExit(child: ChildProcess): Promise<string> {
  return new Promise((resolve) => {
    child.once('exit', (code, signal) =>
      resolve(signal ? `was ended by ${signal}` : `exited with status ${code}`),
    );
    child.once('error', (error) => resolve(`could not be run: ${error.message}`));
  });
}
