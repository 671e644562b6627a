import { Worker } from 'node:worker_threads';

const intervalMs = 1_000;

/**
 * Whoever loses its parent is given another (POSIX), or its parent's number belongs to nobody (Windows). SIGKILL, because the main
 * thread may be in a loop that no softer signal gets through to.
 */
const watch = `
const parent = process.ppid;
const exists = () => { try { process.kill(parent, 0); return true; } catch (error) { return error.code !== 'ESRCH'; } };
setInterval(() => { if (process.ppid !== parent || !exists()) process.kill(process.pid, 'SIGKILL'); }, ${intervalMs});
`;

/**
 * Ends this process within about a second of its parent's end, whatever its main thread is doing. A process whose event loop turns sees
 * the wire close and needs none of it; it costs a thread of 9 MB, most of them an isolate's least, and nothing that a start waits for.
 */
export function endWithParent(): void {
  const limits = { maxOldGenerationSizeMb: 8, maxYoungGenerationSizeMb: 2, stackSizeMb: 1 };
  const worker = new Worker(watch, { eval: true, env: {}, execArgv: [], resourceLimits: limits });
  // Without it the plugin runs as well; only an orphan in a loop would stay.
  worker.on('error', () => {});
  worker.unref();
}
