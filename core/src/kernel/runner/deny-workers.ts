import { syncBuiltinESMExports } from 'node:module';
import threads from 'node:worker_threads';

/**
 * From here on no code of this process starts a thread. A thread with options of its own (`execArgv: []`) is
 * not bound by the permissions of its process, and `--allow-worker` cannot be taken back once the watchdog
 * has its thread.
 */
export function denyWorkers(): void {
  class Worker {
    constructor() {
      throw Object.assign(new Error('Access to this API has been restricted: threads are not allowed'), {
        code: 'ERR_ACCESS_DENIED',
        permission: 'WorkerThreads',
      });
    }
  }
  Object.defineProperty(threads, 'Worker', {
    value: Worker,
    writable: false,
    configurable: false,
    enumerable: true,
  });
  syncBuiltinESMExports();
}
