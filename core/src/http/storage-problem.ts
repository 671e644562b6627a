import { randomBytes } from 'node:crypto';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { StorageFolder } from '../storage/storage-folder.js';
import { withoutServerPaths } from './server-paths.js';

/** Bytes that must find room. */
const probeBytes = 64 * 1024;
const answerMs = 1_000;
const freshMs = 1_000;

/**
 * Tells why what the server keeps cannot be written: by writing a file, and to the database, at most once a
 * second.
 *
 * @param writeDatabase rejects where the database cannot be written
 */
export function watchStorage(
  storage: StorageFolder,
  writeDatabase: () => Promise<void>,
): () => Promise<string | undefined> {
  const probe = async () => {
    const file = join(storage.path, `.easel-${randomBytes(8).toString('hex')}.probe`);
    try {
      await Promise.all([writeDatabase(), storage.write(file, randomBytes(probeBytes))]);
      return undefined;
    } catch (error) {
      // Whoever asks may not be the one who may know where the folder is.
      return withoutServerPaths((error as Error).message, storage.path);
    } finally {
      await rm(file, { force: true }).catch(() => {});
    }
  };
  let known: { readonly since: number; readonly problem: Promise<string | undefined> } | undefined;
  return async () => {
    if (!known || performance.now() - known.since > freshMs)
      known = { since: performance.now(), problem: probe() };
    const late = delay(answerMs, `The storage has not answered within ${answerMs} ms.`, { ref: false });
    return await Promise.race([known.problem, late]);
  };
}
