import { createHash } from 'node:crypto';
import { readFileSync, readlinkSync } from 'node:fs';

/** A process, told from a later one that is given the same number. */
export interface ProcessMark {
  readonly pid: number;
  /** When it began, by {@link processStart}. Empty: not known. */
  readonly startedAt: string;
  /** Where its number counts, by {@link processSpace}. Empty: not known. */
  readonly space: string;
}

/** The variable by which the kernel tells the process of a plugin its space: that process may not read it. */
export const processSpaceVariable = 'EASEL_PROCESS_SPACE';

/**
 * Names this start of this machine and its space of process ids, as a container has one of its own: proc(5),
 * pid_namespaces(7). 12 hexadecimal digits. Empty where that cannot be told, as on systems without `/proc`.
 */
export function processSpace(): string {
  const told = process.env[processSpaceVariable];
  if (told !== undefined) return told;
  try {
    const start = readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
    const namespace = readlinkSync('/proc/self/ns/pid');
    return createHash('sha256').update(`${start} ${namespace}`).digest('hex').slice(0, 12);
  } catch {
    return '';
  }
}

/** The mark of this process. */
export const ownMark = (): ProcessMark => ({
  pid: process.pid,
  startedAt: processStart(process.pid),
  space: processSpace(),
});

/**
 * When a process began, in ticks since the machine did. Empty where that cannot be told, as on systems
 * without `/proc`; `ended` for one that has, and that its parent has not asked about.
 */
export function processStart(pid: number): string {
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

/** Whether that very process runs, of this space of process ids. In doubt it does. */
export function isProcessRunning({ pid, startedAt }: Omit<ProcessMark, 'space'>): boolean {
  try {
    process.kill(pid, 0);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ESRCH') return false;
  }
  const now = processStart(pid);
  if (now === 'ended') return false;
  return now === '' || startedAt === '' || now === startedAt;
}
