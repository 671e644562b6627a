import { fileURLToPath } from 'node:url';
import { Worker } from 'node:worker_threads';
import type { IsolateHost } from './isolate-host.js';
import { IsolatedRunner, type IsolatedRunnerOptions } from './isolated-runner.js';
import type { Runner } from './runner.js';
import type { ThreadData } from './thread-entry.js';
import { ThreadPort } from './thread-port.js';

/** Compiled code runs in the thread, also where the kernel itself is run from its sources. */
const threadEntry = fileURLToPath(new URL('../../../dist/kernel/runner/thread-entry.js', import.meta.url));

/**
 * Runs a plugin of JavaScript alone in a worker thread of the kernel's process: it starts faster than a
 * process and its pictures are moved, not copied. It shares the process's working directory and memory.
 * Native code cannot be loaded: ending a thread in the middle of some would abort the whole process.
 */
export function createThreadRunner(options: IsolatedRunnerOptions): Runner {
  const { start, limits } = options;
  const { heapMb } = limits;
  const worker = new Worker(threadEntry, {
    env: {},
    argv: [],
    execArgv: ['--no-addons'],
    workerData: { logLinesPerSecond: start.logLinesPerSecond } satisfies ThreadData,
    // The thread sends its lines itself: reading these streams would keep the host alive. True keeps them out
    // of the host's own.
    stdout: true,
    stderr: true,
    resourceLimits: heapMb === undefined ? {} : { maxOldGenerationSizeMb: heapMb },
  });
  const host: IsolateHost = {
    kind: 'thread',
    pid: undefined,
    port: new ThreadPort(worker, 'kernel'),
    exited: describeExit(worker),
    // Node hands over what a thread has posted before it tells of its end.
    drained: Promise.resolve(),
    destroy: () => void worker.terminate(),
    keepHostAlive: (alive) => (alive ? worker.ref() : worker.unref()),
  };
  return new IsolatedRunner(options, host);
}

function describeExit(worker: Worker): Promise<string> {
  let thrown: unknown;
  worker.once('error', (error) => {
    thrown = error;
  });
  return new Promise((resolve) => {
    worker.once('exit', (code) =>
      resolve(
        thrown === undefined ? `exited with status ${code}` : `was ended by an error: ${String(thrown)}`,
      ),
    );
  });
}
