import { readdir, readFile } from 'node:fs/promises';

/**
 * The variable that marks what descends from one run of a plugin; processes hand it on to those that they
 * start.
 */
export const runVariable = 'EASEL_PLUGIN_RUN';

/**
 * Ends what a plugin has started and left behind, also what has detached itself from it: processes with the
 * run's mark in their environment. Linux tells it (proc(5), /proc/<pid>/environ); elsewhere nothing is done.
 * Never rejects.
 */
export async function endDescendants(run: string): Promise<void> {
  const names = await readdir('/proc').catch(() => []);
  const pids = names.map(Number).filter((pid) => pid > 1 && pid !== process.pid);
  await Promise.all(pids.map((pid) => endIfMarked(pid, `${runVariable}=${run}`)));
}

async function endIfMarked(pid: number, mark: string): Promise<void> {
  // Those of other users cannot be read, and are none of its doing.
  const environment = await readFile(`/proc/${pid}/environ`, 'latin1').catch(() => '');
  if (!environment.split('\0').includes(mark)) return;
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // It has ended meanwhile.
  }
}
