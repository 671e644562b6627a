import { open, rename, rm } from 'node:fs/promises';

/** Writes a file so that it is there whole or not at all, whatever happens meanwhile, a loss of power included. */
export async function writeWholeFile(path: string, content: string | Buffer): Promise<void> {
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
  } catch (error) {
    await rm(staged, { force: true }).catch(() => {});
    throw error;
  }
}
