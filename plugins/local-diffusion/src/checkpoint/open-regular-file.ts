import { type FileHandle, open, stat } from 'node:fs/promises';
import { invalidFiles } from './invalid-files.js';

/**
 * Opens a file for reading.
 *
 * @throws ERR_MODEL_FILES_INVALID where it cannot be opened, or is no file
 */
export async function openRegularFile(path: string): Promise<FileHandle> {
  try {
    // Opening a pipe would wait for somebody to write to it.
    const isFile = (await stat(path)).isFile();
    if (isFile) return await open(path, 'r');
  } catch (cause) {
    throw invalidFiles(`${path} cannot be opened: ${(cause as Error).message}`, undefined, cause);
  }
  throw invalidFiles(`${path} is not a file.`);
}
