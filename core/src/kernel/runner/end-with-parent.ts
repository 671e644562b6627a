import { Worker } from 'node:worker_threads';

const intervalMs = 500;

/**
 * Whoever loses its parent is given another (POSIX), or its parent's number belongs to nobody (Windows).
 * SIGKILL, because the main thread may be in a loop that no softer signal gets through to. It has from one
 * look to the next to say that it goes on for a while.
 */
const watch = `
const { parentPort, workerData: parent } = require('node:worker_threads');
const exists = () => { try { process.kill(parent, 0); return true; } catch (error) { return error.code !== 'ESRCH'; } };
const kill = () => process.kill(process.pid, 'SIGKILL');
let wasOrphan = false;
const timer = setInterval(() => {
  const isOrphan = process.ppid !== parent || !exists();
  if (isOrphan && wasOrphan) kill();
  wasOrphan = isOrphan;
}, ${intervalMs});
parentPort.once('message', (finishMs) => { clearInterval(timer); setTimeout(kill, finishMs); });
`;

export interface Watchdog {
  /**
   * Ends this process in so many milliseconds, and not before, whatever becomes of its parent. Only the first
   * time counts.
   */
  allow(milliseconds: number): void;
}

/**
 * Ends this process within about a second of its parent's end, whatever its main thread is doing. A process
 * whose event loop turns sees the wire close and needs none of it; it costs a thread of 9 MB, most of them an
 * isolate's least, and nothing that a start waits for.
 */
export function endWithParent(): Watchdog {
  const limits = { maxOldGenerationSizeMb: 8, maxYoungGenerationSizeMb: 2, stackSizeMb: 1 };
  // Asked here: by the time that the thread asks, the parent may have gone.
  const workerData = process.ppid;
  const worker = new Worker(watch, { eval: true, env: {}, execArgv: [], resourceLimits: limits, workerData });
  // Without it the plugin runs as well; only an orphan in a loop would stay.
  worker.on('error', () => {});
  worker.unref();
  return { allow: (milliseconds) => worker.postMessage(milliseconds) };
}
