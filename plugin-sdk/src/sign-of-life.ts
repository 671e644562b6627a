import { stat, utimes } from 'node:fs/promises';
import { isProcessRunning, type ProcessMark, processSpace, processStart } from './running-process.js';

const everyMs = 2_000;
/** Of a file that nobody has renewed for so long, the owner has ended. */
const silentMs = 15_000;

/**
 * Renews the time of change of files while their owner works, for {@link isOwnerAlive}. A plugin's process
 * may not read when another process began, and a number says nothing where processes are in several
 * containers, or a container was started again.
 */
export class SignOfLife {
  readonly #paths = new Set<string>();
  #timer: NodeJS.Timeout | undefined;

  /** @param path of a file that exists */
  keep(path: string): void {
    this.#paths.add(path);
    this.#timer ??= setInterval(() => this.#renew(), everyMs).unref();
  }

  drop(path: string): void {
    this.#paths.delete(path);
    if (this.#paths.size > 0) return;
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  #renew(): void {
    const now = new Date();
    // One that is gone has been taken over, or its storage has.
    for (const path of this.#paths) utimes(path, now, now).catch(() => {});
  }
}

/**
 * Whether the owner of a file lives: by its process where that can be told, otherwise by whether the file is
 * renewed, as where the process is in another container or on another machine. An owner that has ended in
 * another way than by {@link SignOfLife.drop} may then count as alive for up to 15 seconds.
 *
 * @param path of the file that its owner keeps
 */
export async function isOwnerAlive(path: string, mark: ProcessMark): Promise<boolean> {
  const isHere = mark.space === processSpace() || mark.space === '';
  if (isHere) {
    if (!isProcessRunning(mark)) return false;
    const isCertain = mark.pid !== process.pid && mark.startedAt !== '' && processStart(mark.pid) !== '';
    if (isCertain) return true;
  }
  const { mtimeMs } = await stat(path).catch(() => ({ mtimeMs: 0 }));
  return Date.now() - mtimeMs < silentMs;
}
