import { dirname } from 'node:path';
import { EaselError } from '@easel/plugin-sdk';
import { makeFolder } from '../storage/make-folder.js';

/** A lock that has not been renewed for so many milliseconds is of a process that was killed. */
const staleMs = 5_000;
const retryMs = 50;
/** Milliseconds for which another process is waited for: one that was killed has lost its lock by then. */
const longestWaitMs = 15_000;

/**
 * Reads and writes the file of the keys while no other process does.
 *
 * @throws ERR_STORAGE where the lock cannot be had
 */
export async function withKeyFileLocked<T>(path: string, work: () => Promise<T>): Promise<T> {
  // Loaded only here: it listens for signals, which is not for a server in a host app.
  const { default: lockfile } = await import('proper-lockfile');
  let release: () => Promise<void>;
  try {
    await makeFolder(dirname(path), 0o700);
    release = await lockfile.lock(path, {
      realpath: false,
      stale: staleMs,
      retries: { retries: longestWaitMs / retryMs, factor: 1, minTimeout: retryMs, maxTimeout: retryMs },
    });
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    const why = code === 'ELOCKED' ? `another process has held ${path}.lock for too long` : code;
    throw new EaselError({ code: 'ERR_STORAGE', message: `${path} cannot be written (${why}).`, cause });
  }
  try {
    return await work();
  } finally {
    await release();
  }
}
