import { execFile } from 'node:child_process';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { withoutFolder } from '../runner/describe-error.js';

const run = promisify(execFile);
const limitMs = 10_000;
/** Files that are looked at, those of the whole plugin first. */
const mostFiles = 50;

/**
 * Where a plugin's code is not JavaScript, such as "index.js:3": an imported module's syntax error does not
 * say it, and `node --check` does. Undefined where no file of the folder has one.
 */
export async function locateSyntaxError(folder: string, entry: string): Promise<string | undefined> {
  const signal = new AbortController();
  const timer = setTimeout(() => signal.abort(), limitMs);
  try {
    const entries = await readdir(folder, { withFileTypes: true, recursive: true });
    const modules = entries
      .filter((found) => found.isFile() && /\.[cm]?js$/.test(found.name))
      .map((found) => join(found.parentPath, found.name))
      .filter((path) => path !== entry && !/[\\/]node_modules[\\/]/.test(path.slice(folder.length)));
    for (const file of [entry, ...modules].slice(0, mostFiles)) {
      const place = await check(file, signal.signal);
      if (place !== undefined) return withoutFolder(place, folder);
    }
  } catch {
    // The error is told without its place.
  } finally {
    clearTimeout(timer);
  }
  return undefined;
}

/** Node parses the file and runs none of it. */
async function check(file: string, signal: AbortSignal): Promise<string | undefined> {
  try {
    await run(process.execPath, ['--check', file], { env: {}, signal, windowsHide: true });
    return undefined;
  } catch (error) {
    if (signal.aborted) throw error;
    const { stderr = '' } = error as { stderr?: string };
    return /^(\S.*:\d+)$/m.exec(stderr)?.[1];
  }
}
