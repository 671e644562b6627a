/**
 * Whose a journal is, told by its name: several kernels may share a storage folder, and a version that is being replaced runs on beside its
 * successor. Taking one over is one rename, which only one can win.
 *
 * @module
 */
import { randomUUID } from 'node:crypto';
import { basename } from 'node:path';
import { isOwnerAlive, ownMark } from '@easel/plugin-sdk';

const prefix = 'tasks';
const suffix = '.jsonl';
/** In a name, where nobody can tell when the process began, or where its number counts. */
const unknown = 'unknown';

/** A new name for a journal of this process. */
export function ownName(): string {
  const { pid, startedAt, space } = ownMark();
  return `${prefix}.${pid}.${startedAt || unknown}.${space || unknown}.${randomUUID()}${suffix}`;
}

/** A new name for one that this process leaves to whoever comes next. */
export const freeName = (): string => `${prefix}.0.free.${randomUUID()}${suffix}`;

const pattern = new RegExp(`^${prefix}\\.(\\d+)\\.(\\w+)(?:\\.(\\w+))?\\.[\\w-]+\\${suffix}$`);

export const isJournal = (name: string): boolean => pattern.test(name);

/** Whether a file is a journal that nobody works on: left behind, or of a process that has ended. */
export async function isFree(path: string): Promise<boolean> {
  const [, pid, start, space = unknown] = pattern.exec(basename(path)) ?? [];
  if (pid === undefined || start === undefined) return false;
  const known = (text: string) => (text === unknown ? '' : text);
  const mark = { pid: Number(pid), startedAt: known(start), space: known(space) };
  return pid === '0' || !(await isOwnerAlive(path, mark));
}
