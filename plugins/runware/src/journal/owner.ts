/**
 * Whose a journal is, told by its name: several kernels may share a storage folder, and a version that is being replaced runs on beside its
 * successor. Taking one over is one rename, which only one can win.
 *
 * @module
 */
import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';

const prefix = 'tasks';
const suffix = '.jsonl';

/** A new name for a journal of this process. */
export const ownName = (): string =>
  `${prefix}.${process.pid}.${startOf(process.pid) || 'unknown'}.${randomUUID()}${suffix}`;

/** A new name for one that this process leaves to whoever comes next. */
export const freeName = (): string => `${prefix}.0.free.${randomUUID()}${suffix}`;

/** Whether a file is a journal that nobody works on: left behind, or of a process that has ended. */
export function isFree(name: string): boolean {
  const [, pid, start] = new RegExp(`^${prefix}\\.(\\d+)\\.(\\w+)\\.[\\w-]+\\${suffix}$`).exec(name) ?? [];
  if (pid === undefined || start === undefined) return false;
  return pid === '0' || !isRunning(Number(pid), start);
}

function isRunning(pid: number, startedAt: string): boolean {
  try {
    process.kill(pid, 0);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ESRCH') return false;
  }
  const start = startOf(pid);
  if (start === 'ended') return false;
  return start === '' || startedAt === 'unknown' || start === startedAt;
}

/**
 * When a process began, in ticks since the machine did: the number of a process is given to another later. Empty where that cannot be told;
 * `ended` for one that has, and that its parent has not asked about.
 */
function startOf(pid: number): string {
  try {
    // proc(5): the name, in brackets, may have anything in it; the state follows, and field 22 is the start.
    const fields = readFileSync(`/proc/${pid}/stat`, 'utf8')
      .replace(/^.*\) /s, '')
      .split(' ');
    return fields[0] === 'Z' || fields[0] === 'X' ? 'ended' : (fields[19] ?? '');
  } catch {
    return '';
  }
}
