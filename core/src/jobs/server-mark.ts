import { randomUUID } from 'node:crypto';
import { isProcessRunning, ownMark, processSpace } from '@easel/plugin-sdk';
import type { ServerRow } from './database/server-table.js';

export type ServerMark = Omit<ServerRow, 'beat'>;

/** The servers of this process; several may share one, or follow on one another in it. */
const own = new Set<string>();

/** A mark for a new server of this process. */
export function createMark(): ServerMark {
  const id = randomUUID();
  own.add(id);
  const { space, ...mark } = ownMark();
  return { id, ...mark, machine: space };
}

/** To be called when that server has ended. */
export const dropMark = ({ id }: ServerMark): void => void own.delete(id);

/**
 * Whether a server lives, as far as its process tells. Undefined: its process cannot be looked at from here,
 * because it is on another machine or in another container.
 */
export function isServerRunning({ id, pid, startedAt, machine }: ServerMark): boolean | undefined {
  if (own.has(id)) return true;
  if (machine === '' || machine !== processSpace()) return undefined;
  return pid !== process.pid && isProcessRunning({ pid, startedAt });
}
