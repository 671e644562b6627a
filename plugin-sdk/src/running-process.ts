import { readFileSync } from 'node:fs';

/** A process, told from a later one that is given the same number. */
export interface ProcessMark {
  readonly pid: number;
  /** When it began, by {@link processStart}. Empty: not known. */
  readonly startedAt: string;
}

/**
 * When a process began, in ticks since the machine did. Empty where that cannot be told, as on systems without `/proc`; `ended` for one that
 * has, and that its parent has not asked about.
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

/** Whether that very process runs: for plugins that leave work on disk to whoever comes after them. In doubt it does. */
export function isProcessRunning({ pid, startedAt }: ProcessMark): boolean {
  try {
    process.kill(pid, 0);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ESRCH') return false;
  }
  const now = processStart(pid);
  if (now === 'ended') return false;
  return now === '' || startedAt === '' || now === startedAt;
}
