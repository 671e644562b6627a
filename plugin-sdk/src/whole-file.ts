import { open, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';

/**
 * Writes a file so that it is there whole or not at all, whatever happens meanwhile, a loss of power
 * included.
 */
export async function writeWholeFile(path: string, content: string | Uint8Array): Promise<void> {
  const staged = `${path}.new`;
  try {
    const handle = await open(staged, 'w', 0o600);
    try {
      await handle.writeFile(content);
      await handle.sync();
    } finally {
      await handle.close();
    }
    await rename(staged, path);
    await syncFolder(dirname(path));
  } catch (error) {
    await rm(staged, { force: true }).catch(() => {});
    throw error;
  }
}

/**
 * Writes a new file, to the disk itself. Rejects with EEXIST where there is one: of several that try one
 * succeeds.
 */
export async function createFile(path: string, content: string): Promise<void> {
  const handle = await open(path, 'wx', 0o600);
  try {
    await handle.writeFile(content);
    await handle.sync();
  } finally {
    await handle.close();
  }
  await syncFolder(dirname(path));
}

/**
 * Makes names in a folder durable. That a name is there is on the disk only when its folder is. Windows
 * cannot open folders, and needs none of it.
 */
export async function syncFolder(path: string): Promise<void> {
  const handle = await open(path, 'r').catch(() => undefined);
  try {
    await handle?.sync();
  } catch (error) {
    if (process.platform !== 'win32') throw error;
  } finally {
    await handle?.close();
  }
}
