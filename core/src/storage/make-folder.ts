import { mkdirSync, statSync } from 'node:fs';
import { mkdir, stat } from 'node:fs/promises';
import { dirname } from 'node:path';

const codeOf = (error: unknown) => (error as NodeJS.ErrnoException).code;
/** Whether it is its parent that is missing. */
const lacksParent = (error: unknown, folder: string) =>
  codeOf(error) === 'ENOENT' && dirname(folder) !== folder;

/**
 * Makes a folder, and those that it is in. Node's own `recursive` never ends where a folder that is there says
 * ENOENT to a new one, as /proc does. Rejects with what the system says.
 *
 * @param mode absent: what the process gives by default
 */
export async function makeFolder(folder: string, mode?: number): Promise<void> {
  const make = async () => {
    try {
      await mkdir(folder, { mode });
    } catch (error) {
      if (codeOf(error) !== 'EEXIST' || !(await stat(folder)).isDirectory()) throw error;
    }
  };
  try {
    await make();
  } catch (error) {
    if (!lacksParent(error, folder)) throw error;
    await makeFolder(dirname(folder), mode);
    await make();
  }
}

/** The same at once. */
export function makeFolderSync(folder: string, mode?: number): void {
  const make = () => {
    try {
      mkdirSync(folder, { mode });
    } catch (error) {
      if (codeOf(error) !== 'EEXIST' || !statSync(folder).isDirectory()) throw error;
    }
  };
  try {
    make();
  } catch (error) {
    if (!lacksParent(error, folder)) throw error;
    makeFolderSync(dirname(folder), mode);
    make();
  }
}
