/**
 * The thread that measures how much folders hold: it may have a hundred thousand files to look at. Links are
 * not followed, so that nothing counts twice.
 *
 * @module
 */
import { type Dirent, lstatSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { parentPort, workerData } from 'node:worker_threads';

function bytesOf(path: string): number {
  // What goes away while it is looked at takes no room.
  const about = lstatSync(path, { throwIfNoEntry: false });
  if (!about?.isDirectory()) return about?.size ?? 0;
  return entriesOf(path).reduce((sum, { name }) => sum + bytesOf(join(path, name)), 0);
}

function entriesOf(folder: string): Dirent[] {
  try {
    return readdirSync(folder, { withFileTypes: true });
  } catch {
    return [];
  }
}

const parts = workerData as readonly (readonly string[])[];
parentPort?.postMessage(parts.map((paths) => paths.reduce((sum, path) => sum + bytesOf(path), 0)));
